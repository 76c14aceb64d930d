"""The page: every section rendered, with charts, styles and scripts inside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from python_jobs.site import charts, words
from python_jobs.site.cells import Answer, Questions

HERE = Path(__file__).parent
# In the order of the page.
SECTIONS = {
    "summary": "Summary",
    "revenue": "Revenue",
    "segments": "Segments",
    "movement": "Movement",
    "retention": "Retention",
    "churn": "Churn",
    "patterns": "Patterns",
    "personas": "Personas",
    "value": "Customer value",
    "recommendations": "What to do",
    "quality": "Data quality",
}


def render(questions: Questions, facts: dict[str, Any]) -> str:
    """The whole page.

    Args:
        questions: The queries of the sections.
        facts: What the templates know besides: the build, and when this was written.
    """
    environment = _environment(questions, facts)
    sections = []
    for name, title in SECTIONS.items():
        questions.forget_models()
        body = environment.get_template(f"sections/{name}.html").render()
        sections.append(
            {
                "id": name,
                "title": title,
                "body": Markup(body),
                "models": sorted(model for _schema, model in questions.models),
            }
        )
    return environment.get_template("page.html").render(
        sections=sections,
        style=Markup((HERE / "style.css").read_text()),
        script=Markup((HERE / "page.js").read_text()),
        vega=Markup(_inside_script(vl_convert.javascript_bundle())),
    )


def _environment(questions: Questions, facts: dict[str, Any]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # A number that is not there is a mistake, never a blank.
        undefined=StrictUndefined,
    )
    environment.filters |= {form: words.told(form) for form in words.FORMATS}
    environment.filters["json"] = _json
    environment.globals |= {
        "q": questions,
        "draw": _drawer(),
        "table_rows": _table_rows,
        "numeric": words.NUMERIC,
        "moment": words.moment,
        "doc_link": "docs/index.html#!/model/model.customer_behavior.",
        **facts,
    }
    return environment


def _drawer() -> Callable[[str, Answer], dict[str, Any]]:
    def draw(chart: str, answer: Answer) -> dict[str, Any]:
        return getattr(charts, chart)(answer.values)

    return draw


def _table_rows(answer: Answer, columns: list[tuple[str, str, str]]) -> list[Any]:
    """The cells of a table with the filters that write them."""
    return [
        [(words.told(form), row[name], form) for name, _label, form in columns]
        for row in answer
    ]


def _json(value: Any) -> Markup:
    """JSON whose strings cannot end the script element it stands in."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", r"\u003c"))


def _inside_script(code: str) -> str:
    """JavaScript whose strings cannot end the script element it stands in."""
    return re.sub(r"<(?=/script|!--)", r"\\u003c", code, flags=re.IGNORECASE)
