"""The insights report, in a real browser: what it shows, and that it is true."""

from __future__ import annotations

import dataclasses
import functools
import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from browser import Visit, visit
from conftest import Site, local_settings
from playwright.sync_api import Browser, Locator, Page

from python_jobs import report, results, session
from python_jobs.console import progress
from python_jobs.settings import PROJECT, Settings
from python_jobs.site import page as whole
from python_jobs.site import words
from python_jobs.site.cells import Cell, Questions
from python_jobs.site.files import publish

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SCREENSHOTS = PROJECT / "screenshots"
Rows = list[tuple[Any, ...]]
Ask = Callable[[str], tuple[list[str], Rows]]

FACTS = {"build": None, "freshness": None, "written_at": "1 January 2026"}


@pytest.fixture(scope="module")
def report_page(site: Site) -> Path:
    """The report on generated data."""
    return site.folder / "index.html"


def asked_once(settings: Settings) -> Ask:
    """Questions to tables that stay as they are: each is asked once."""
    return functools.cache(functools.partial(session.query, settings))


@pytest.fixture(scope="module")
def shop_says(generated: Settings) -> Ask:
    """What the tables say that the report on generated data is made of."""
    return asked_once(generated)


@pytest.fixture
def opened(browser: Browser, report_page: Path) -> Iterator[Visit]:
    """The report on a desk, all charts drawn."""
    with visit(browser, report_page, viewport=DESK, color_scheme="light") as visited:
        drawn(visited.page)
        yield visited


def drawn(page: Page, theme: str = "light") -> None:
    """Wait until the charts are there."""
    page.wait_for_selector(f"html[data-drawn={theme}]")


def unfold(page: Page) -> None:
    """Show all that can be folded."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def test_it_opens_without_an_error_and_asks_the_network_for_nothing(
    opened: Visit, report_page: Path
) -> None:
    opened.page.wait_for_load_state("networkidle")
    assert opened.errors == []
    assert opened.left == []
    assert report_page.stat().st_size < 3_000_000
    # The runtime once for all charts, and the page's own script.
    assert opened.page.locator("script:not([type])").count() == 2


def test_each_chart_has_drawn_marks_and_an_answer_above_it(opened: Visit) -> None:
    plots = opened.page.locator(".plot")
    assert plots.count() == 19
    for plot in plots.all():
        name = plot.get_attribute("data-chart")
        marks = plot.locator("svg .role-mark path")
        widths = marks.evaluate_all("all => all.map(one => one.getBBox().width)")
        assert any(width > 2 for width in widths), name
        answer = plot.locator("xpath=ancestor::figure/preceding-sibling::*[1]")
        assert "answer" in (answer.get_attribute("class") or ""), name
        assert len(answer.inner_text()) > 30, name
        # It says what the chart shows: with a number or a name of the data.
        assert answer.locator("data").count() >= 1, name
        assert '"tooltip"' in plot.evaluate("it => it.nextElementSibling.textContent")


def test_the_theme_can_be_switched_and_is_kept(opened: Visit) -> None:
    page = opened.page

    def colours() -> tuple[str, str]:
        return (
            page.evaluate("getComputedStyle(document.body).backgroundColor"),
            page.locator(".plot svg text").first.get_attribute("fill"),
        )

    light = colours()
    page.get_by_role("button", name="Dark").click()
    drawn(page, "dark")
    dark = colours()
    assert dark[0] != light[0] and dark[1] != light[1]
    page.reload()
    drawn(page, "dark")
    assert colours() == dark


def test_the_theme_is_that_of_the_system_at_first(
    browser: Browser, report_page: Path
) -> None:
    with visit(browser, report_page, color_scheme="dark") as visited:
        drawn(visited.page, "dark")


def test_tables_sort_by_number_and_by_name_with_the_keyboard(opened: Visit) -> None:
    unfold(opened.page)
    table = opened.page.get_by_role("region", name=re.compile("^Segments: ")).first
    header = table.get_by_role("columnheader", name="Customers", exact=True)
    button = header.get_by_role("button")

    def column(number: int) -> list[str]:
        return table.locator(f"tbody td:nth-child({number}) data").evaluate_all(
            "cells => cells.map(cell => cell.value)"
        )

    button.focus()
    opened.page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    counts = [int(value) for value in column(2)]
    assert len(set(counts)) > 3
    assert counts == sorted(counts)
    button.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert [int(value) for value in column(2)] == sorted(counts, reverse=True)
    table.get_by_role("columnheader", name="Segment").get_by_role("button").click()
    assert header.get_attribute("aria-sort") is None
    assert column(1) == sorted(column(1))


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_overflows(
    browser: Browser, report_page: Path, viewport: dict[str, int]
) -> None:
    with visit(
        browser, report_page, viewport=viewport, color_scheme="light"
    ) as visited:
        drawn(visited.page)
        unfold(visited.page)
        assert visited.page.evaluate(OVERFLOWING) == []
        # It is there for the eye as well.
        for plot in visited.page.locator(".plot svg").all():
            assert plot.bounding_box()["width"] > 0.5 * min(viewport["width"], 1088)


# What is wider than the window, but for what lies in a box that scrolls.
OVERFLOWING = """
() => [...document.body.querySelectorAll('*')].filter(element => {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= window.innerWidth + 1) return false;
    if (element.closest('.skip')) return false;
    return !element.closest('.scroll, pre, nav ul, .plot');
}).map(element => element.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rules_of_accessibility_hold(
    browser: Browser, report_page: Path, theme: str
) -> None:
    with visit(browser, report_page, color_scheme=theme) as visited:
        drawn(visited.page, theme)
        unfold(visited.page)
        found = Axe().run(visited.page)
    assert found.response["violations"] == [], found.generate_report()


def test_each_link_leads_somewhere(
    opened: Visit, generated: Settings, site: Site
) -> None:
    ids = opened.page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    links = opened.page.locator("a[href]").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        elif found := re.match(r"docs/index\.html#!/model/model\.\w+\.(\w+)$", link):
            assert found[1] in models
        else:
            assert (site.folder / link).is_file()
    sections = opened.page.locator("main > section")
    assert sections.count() == len(whole.SECTIONS)
    for section in sections.all():
        assert section.locator(".models a").count() >= 1


def test_twenty_numbers_are_found_by_the_sql_beside_them(
    opened: Visit, shop_says: Ask
) -> None:
    numbers = opened.page.locator("main data").filter(has_text=re.compile(r"\d"))
    every = numbers.count()
    assert every > 500
    queries = set()
    for place in range(20):
        shown = numbers.nth((2 * place + 1) * every // 40)
        queries.add(shown.get_attribute("data-query"))
        assert_is_true(shown, opened.page, shop_says)
    # And the sentences, which people read first.
    for shown in opened.page.locator(".answer data, .cards data").all():
        queries.add(shown.get_attribute("data-query"))
        assert_is_true(shown, opened.page, shop_says)
    assert len(queries) > 15


def assert_is_true(shown: Locator, page: Page, ask: Ask) -> None:
    """Assert that the SQL in the page gives what the page shows."""
    query, row, column = (
        shown.get_attribute(f"data-{name}") for name in ("query", "row", "column")
    )
    sql = page.locator(f"#sql-{query}").text_content()
    columns, rows = ask(sql)
    value = rows[int(row)][columns.index(column)]
    text = shown.text_content()
    number = re.fullmatch(r"([+-]?[\d,]+(\.\d+)?)(\s%| points)?", text)
    if number is None or isinstance(value, str):
        assert_same_words(text, str(value))
        return
    told = Decimal(number[1].replace(",", ""))
    exact = Decimal(str(value)) * (100 if number[3] else 1)
    digits = Decimal(1).scaleb(told.as_tuple().exponent)
    ways = (ROUND_HALF_UP, ROUND_HALF_EVEN)
    assert told in {exact.quantize(digits, way) for way in ways}, (sql, row, column)


def assert_same_words(text: str, value: str) -> None:
    """A word is itself; a date is written out, with its day or without."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d.*", value):
        moment = datetime.fromisoformat(value)
        month = f"{moment:%B %Y}"
        assert text in (month, f"{moment.day} {month}")
    else:
        assert text == value


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_chart_shows_the_days_of_the_data_wherever_its_reader_is(
    browser: Browser, report_page: Path, generated: Settings, zone: str
) -> None:
    marts, insights = generated.schema("marts"), generated.schema("insights")
    dates = [
        [date.fromisoformat(value) for (value,) in session.query(generated, sql)[1]]
        for sql in (
            f"select distinct period_start_date from {insights}.rpt_executive_summary",
            f"select max(calendar_date) from {marts}.fct_daily_sales",
        )
    ]
    with visit(browser, report_page, timezone_id=zone, viewport=DESK) as visited:
        page = visited.page
        page.wait_for_selector("html[data-drawn]")
        said = page.locator("[data-chart=monthly_revenue] svg .mark-rect path")
        labels = said.evaluate_all("all => all.map(one => one.ariaLabel)")
        # "period_start_date (year-month): Mon Dec 01 2025 00:00:00 GMT+1300 ...".
        months = [re.search(r": \w+ (\w+ \d+ \d+ [\d:]+) ", label) for label in labels]
        assert {
            datetime.strptime(found[1], "%b %d %Y %H:%M:%S") for found in months
        } == {datetime.combine(month, time()) for month in dates[0]}
        area = page.locator("[data-chart=daily_revenue] svg .mark-area path")
        box = area.first.bounding_box()
        area.first.hover(position={"x": box["width"] - 1, "y": box["height"] - 2})
        page.wait_for_selector(f"#vg-tooltip-element:has-text('{dates[1][0]:%d %B}')")


def test_words_of_the_data_are_words_on_the_page(
    browser: Browser, generated: Settings, shop_says: Ask, tmp_path: Path
) -> None:
    hostile = "</SCRIPT><script>document.title = 'taken'</script><!--<b>&amp;:cat:"
    hostile += "x" * 80

    def ask(sql: str) -> tuple[list[str], Rows]:
        columns, rows = shop_says(sql)
        if "rpt_sales_by_category" in sql:
            place = columns.index("product_category")
            rows = [(*row[:place], hostile, *row[place + 1 :]) for row in rows[:1]]
        return columns, rows

    written = tmp_path / "index.html"
    written.write_text(whole.render(Questions(ask, generated.schema), FACTS))
    with visit(browser, written, viewport=DESK, color_scheme="light") as visited:
        drawn(visited.page)
        assert visited.errors == []
        assert visited.page.title() == "Customer insights"
        shown = visited.page.locator("[data-chart=categories] svg").text_content()
        assert hostile[:12] in shown
        assert visited.page.locator("footer").count() == 1
        assert visited.page.get_by_text(hostile).count() >= 1
    with visit(browser, written, viewport=PHONE, color_scheme="light") as visited:
        drawn(visited.page)
        assert visited.page.evaluate(OVERFLOWING) == []


def test_each_section_is_kept_as_a_picture(opened: Visit) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for section in opened.page.locator("main > section").all():
        name = section.get_attribute("id")
        # What sticks to the top would lie over the section.
        opened.page.add_style_tag(content="header { position: static !important }")
        picture = section.screenshot(path=SCREENSHOTS / f"report-{name}.png")
        assert len(picture) > 5_000


# Query, and what its rows become.
EMPTY: dict[str, tuple[dict[str, Callable[[list[str], Rows], Rows]], str, str]] = {
    "no personas": (
        dict.fromkeys(
            ("dim_personas", "rpt_persona_profiles", "rpt_persona_drift"),
            lambda _columns, _rows: [],
        ),
        "personas",
        "No personas yet",
    ),
    "no value model": (
        {
            "fct_customer_lifetime_value": lambda columns, rows: [
                tuple(
                    {"valued_count": 0, "no_value_reason": "7 repeat buyers"}.get(name)
                    for name in columns
                )
                for _ in rows[:1]
            ]
        },
        "value",
        "No customer value: 7 repeat buyers.",
    ),
    "value that depends on the number": (
        {
            "fct_customer_lifetime_value": lambda columns, rows: [
                tuple(
                    False if name == "is_value_independent" else value
                    for name, value in zip(columns, row, strict=True)
                )
                for row in rows
            ]
        },
        "value",
        "Take the money with care: number and value of purchases depend on each other",
    ),
    "one segment": (
        {"rpt_rfm_segments": lambda _columns, rows: rows[:1]},
        "segments",
        "in one segment",
    ),
    "no returns": (
        {
            "fct_daily_sales": lambda columns, rows: [
                tuple(
                    0 if name == "return_count" else value
                    for name, value in zip(columns, row, strict=True)
                )
                for row in rows
            ]
        },
        "patterns",
        "no returns",
    ),
    "no whole month before": (
        {
            "rpt_executive_summary": lambda columns, rows: [
                tuple(
                    "2024-01-15" if name == "first_date_of_previous_month" else value
                    for name, value in zip(columns, row, strict=True)
                )
                for row in rows
            ]
        },
        "summary",
        "which counts from 15 January 2024 on",
    ),
    "no recommendations": (
        {"rpt_recommendations": lambda _columns, _rows: []},
        "recommendations",
        "No rule of the playbook",
    ),
}


@pytest.mark.parametrize("case", EMPTY)
def test_what_is_not_there_is_said_and_the_page_keeps_its_shape(
    browser: Browser, generated: Settings, shop_says: Ask, tmp_path: Path, case: str
) -> None:
    changed, section, words = EMPTY[case]

    def ask(sql: str) -> tuple[list[str], Rows]:
        columns, rows = shop_says(sql)
        for model, change in changed.items():
            if re.search(rf"from \S*\b{model}\b", sql):
                rows = change(columns, rows)
        return columns, rows

    assert_keeps_its_shape(browser, tmp_path, ask, generated, {section: words})


def test_a_project_without_any_data_has_a_page_that_says_so(
    browser: Browser, generated: Settings, tmp_path: Path
) -> None:
    """A query without rows gives what its SQL gives over empty tables."""

    def ask(sql: str) -> tuple[list[str], Rows]:
        empty = re.sub(
            r"(?<=from |join )(\S+\.\w+)", r"(select * from \1 where false)", sql
        )
        return session.query(generated, empty)

    words = {
        "summary": "There are no purchases yet",
        "revenue": "There are no purchases yet",
        "segments": "There are no customers yet",
        "movement": "needs two month ends",
        "retention": "too short",
        "churn": "There are no customers yet",
        "patterns": "There are no purchases yet",
        "personas": "No personas yet",
        "value": "Nobody has bought yet",
        "recommendations": "No rule of the playbook",
        "quality": "Nothing has been delivered yet",
    }
    assert_keeps_its_shape(browser, tmp_path, ask, generated, words)


def assert_keeps_its_shape(
    browser: Browser,
    folder: Path,
    ask: Ask,
    settings: Settings,
    words: dict[str, str],
) -> None:
    """Assert that all sections are there, these ones with these words, and draw."""
    written = folder / "index.html"
    written.write_text(whole.render(Questions(ask, settings.schema), FACTS))
    with visit(browser, written, viewport=PHONE, color_scheme="light") as visited:
        drawn(visited.page)
        assert visited.errors == []
        assert visited.page.locator("main > section").count() == len(whole.SECTIONS)
        for section, said in words.items():
            found = visited.page.locator(f"#{section}")
            assert said in re.sub(r"\s+", " ", found.inner_text()), section
        assert visited.page.evaluate(OVERFLOWING) == []


def test_the_page_of_the_example_says_what_its_log_lacks(
    browser: Browser, cdnow: Settings, tmp_path: Path
) -> None:
    """A log of dates, customers and money only, whose customers have no personas."""
    said = {
        "patterns": "The data have dates without a time of day",
        "personas": "No personas yet",
        "value": "In the next 365 days",
    }
    assert_keeps_its_shape(browser, tmp_path, asked_once(cdnow), cdnow, said)
    told = re.sub(r"<[^>]*>", "", (tmp_path / "index.html").read_text())
    assert "The data do not tell product categories." in told
    assert "The data do not tell payment methods." in told
    assert "The data hold no returns." in told


def test_what_dbt_left_is_told_for_people(generated: Settings, shop_says: Ask) -> None:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    facts = {
        "build": results.Build("a-run", at, 1234, 1, ["one_test"]),
        "freshness": results.Freshness(at, is_stale=True),
        "written_at": "4 January 2026, 05:06 UTC",
    }
    questions = Questions(shop_says, generated.schema)
    told = re.sub(r"<[^>]*>|\s+", " ", whole.render(questions, facts))
    assert "1,234 passed, 1 warned, 1 failed: one_test" in told
    assert "came in on 2 January 2026, 03:04 UTC, longer ago than expected" in told
    assert "a-run, ended 2 January 2026, 03:04 UTC" in told


def test_a_change_of_nothing_has_no_minus() -> None:
    assert words.change(-0.0001) == "+0.0\N{NO-BREAK SPACE}%"
    assert words.points(Decimal("-0.0004")) == "+0.0 points"
    assert words.change(-0.0006) == "-0.1\N{NO-BREAK SPACE}%"


def test_markup_in_the_data_is_text_in_the_page_and_its_scripts() -> None:
    """Seen without a browser; `test_words_of_the_data_...` looks at it in one."""
    bad = "</script><img src=x onerror=alert(1)>"
    environment = whole._environment(None, {})
    shown = environment.from_string("<p>{{ bad }}</p>").render(bad=bad)
    assert html.unescape(shown) == f"<p>{bad}</p>" != shown
    assert "<img" not in shown
    cell = words.told("text")(Cell(bad, bad, 0, bad))
    assert "<img" not in cell
    script = environment.from_string("{{ bad | json }}").render(bad=[bad])
    assert "<" not in script and json.loads(script) == [bad]


def test_the_docs_of_a_model_are_where_its_links_lead(tmp_path: Path) -> None:
    """The address is that of dbt's page for a model of this project."""
    name = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["name"]
    link = whole._environment(None, {}).globals["doc_link"]
    page, _, address = link.partition("#!")
    assert address == f"/model/model.{name}."
    home = local_settings(tmp_path)
    report_page, docs_page = (publish(home, folder, "") for folder in ("", "docs"))
    assert (report_page.parent / page) == docs_page


def test_a_report_before_any_build_is_one_clear_line(generated: Settings) -> None:
    elsewhere = dataclasses.replace(generated, schema_prefix="nowhere_")
    with (
        progress("writing the report") as bar,
        pytest.raises(report.UserError, match="run `behavior build` first"),
    ):
        report.write(elsewhere, bar)
