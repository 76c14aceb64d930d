"""Charts: rows of a query become a Vega-Lite (Altair) or Vega specification.

Widths follow the page, colours its theme (page.js); nothing is calculated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import altair as alt

Rows = Sequence[dict[str, Any]]
Spec = dict[str, Any]

SEGMENTS = (
    "Champions",
    "Loyal Customers",
    "Potential Loyalists",
    "New Customers",
    "Promising",
    "Need Attention",
    "About To Sleep",
    "At Risk",
    "Cannot Lose Them",
    "Hibernating",
    "Lost",
    "Prospects",
)
RISKS = {
    "High": "#d1495b",
    "Medium": "#e0a030",
    "Low": "#3a9d7a",
    "Unknown": "#8d99ae",
    "Prospects": "#b8c0cc",
}
METHODS = ["Window", "Own cadence", "P(alive)"]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONEY, COUNT, SHARE = ",.0f", ",.0f", ".1%"


def monthly_revenue(rows: Rows) -> Spec:
    """Bars by month, the unfinished one paler."""
    chart = _chart(rows, 240, day="period_start_date").mark_bar(cornerRadiusEnd=2)
    return _spec(
        chart.encode(
            x=alt.X("yearmonth(period_start_date):O", title=None),
            y=alt.Y("net_revenue:Q", title="Net revenue", axis=_axis("~s")),
            opacity=alt.condition("datum.is_complete", alt.value(1.0), alt.value(0.45)),
            tooltip=[
                alt.Tooltip("period_start_date:T", title="Month", format="%B %Y"),
                alt.Tooltip("net_revenue:Q", title="Net revenue", format=MONEY),
                alt.Tooltip("change_rate:Q", title="Change", format="+.1%"),
                alt.Tooltip("is_complete:N", title="Complete"),
            ],
        )
    )


def daily_revenue(rows: Rows) -> Spec:
    """A day's net revenue, and the mean of seven days over it."""
    base = _chart(rows, 220, day="calendar_date").encode(
        x=alt.X("calendar_date:T", title=None)
    )
    tooltip = [
        alt.Tooltip("calendar_date:T", title="Day", format="%A, %d %B %Y"),
        alt.Tooltip("net_revenue:Q", title="Net revenue", format=MONEY),
        alt.Tooltip("net_revenue_7_day_mean:Q", title="Mean of 7 days", format=MONEY),
        alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
    ]
    days = base.mark_area(opacity=0.25).encode(
        y=alt.Y("net_revenue:Q", title="Net revenue", axis=_axis("~s")), tooltip=tooltip
    )
    mean = base.mark_line(strokeWidth=2).encode(
        y="net_revenue_7_day_mean:Q", tooltip=tooltip
    )
    return _spec(days + mean)


def segments(rows: Rows) -> Spec:
    """A treemap: the area is customers, the colour what one of them has brought."""
    values = [{"id": "all", "parent": None}] + [
        {
            "id": row["segment"],
            "parent": "all",
            "size": row["customer_count"],
            "each": _plain(row["average_monetary"]) or 0,
            "share": row["share_of_revenue"],
        }
        for row in rows
    ]
    centre = {"signal": "(datum.x0 + datum.x1) / 2"}
    return {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "height": 320,
        "padding": 0,
        "autosize": {"type": "none"},
        "signals": [
            {
                "name": "width",
                "init": "containerSize()[0]",
                "on": [{"events": "window:resize", "update": "containerSize()[0]"}],
            }
        ],
        "data": [
            {
                "name": "tree",
                "values": values,
                "transform": [
                    {"type": "stratify", "key": "id", "parentKey": "parent"},
                    {
                        "type": "treemap",
                        "field": "size",
                        "sort": {"field": "value", "order": "descending"},
                        "paddingInner": 2,
                        "method": "squarify",
                        "size": [{"signal": "width"}, {"signal": "height"}],
                    },
                ],
            },
            {
                "name": "leaves",
                "source": "tree",
                "transform": [{"type": "filter", "expr": "datum.parent"}],
            },
        ],
        "scales": [
            {
                "name": "colour",
                "type": "linear",
                "domain": {"data": "leaves", "field": "each"},
                "range": {"scheme": ["#4a6ca4", "#1d3f72"]},
            }
        ],
        "marks": [
            {
                "type": "rect",
                "from": {"data": "leaves"},
                "encode": {
                    "update": {
                        "x": {"field": "x0"},
                        "x2": {"field": "x1"},
                        "y": {"field": "y0"},
                        "y2": {"field": "y1"},
                        "fill": {"scale": "colour", "field": "each"},
                        "tooltip": {
                            "signal": "{'Segment': datum.id, "
                            "'Customers': format(datum.size, ',.0f'), "
                            "'Net revenue each': format(datum.each, ',.2f'), "
                            "'Share of revenue': format(datum.share, '.1%')}"
                        },
                    }
                },
            },
            {
                "type": "text",
                "interactive": False,
                "from": {"data": "leaves"},
                "encode": {
                    "update": {
                        "x": centre,
                        "y": {"signal": "(datum.y0 + datum.y1) / 2"},
                        "align": {"value": "center"},
                        "baseline": {"value": "middle"},
                        "fill": {"value": "#ffffff"},
                        "fontSize": {"value": 13},
                        "limit": {"signal": "max(datum.x1 - datum.x0 - 8, 1)"},
                        "text": {
                            "signal": "datum.y1 - datum.y0 < 18 || "
                            "datum.x1 - datum.x0 < 36 ? '' : datum.id"
                        },
                    }
                },
            },
        ],
    }


def scores(rows: Rows) -> Spec:
    """Recency by frequency, both as scores of 1 to 5."""
    chart = _chart(rows, 260).mark_rect()
    return _spec(
        chart.encode(
            x=alt.X("f_score:O", title="Frequency score (5: most often)", axis=_flat()),
            y=alt.Y(
                "r_score:O",
                title="Recency score (5: most recent)",
                sort="descending",
            ),
            color=_heat("customer_count:Q", "Customers", "~s"),
            tooltip=[
                alt.Tooltip("r_score:O", title="Recency score"),
                alt.Tooltip("f_score:O", title="Frequency score"),
                alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
                alt.Tooltip("net_revenue:Q", title="Net revenue", format=MONEY),
            ],
        )
    )


def movement(rows: Rows) -> Spec:
    """From segment by to segment; the colour is the part of the former."""
    chart = _chart(rows, 340).mark_rect()
    return _spec(
        chart.encode(
            x=alt.X(
                "to_segment:N",
                title="Segment at the end of the month",
                sort=list(SEGMENTS),
                axis=alt.Axis(labelAngle=-45),
            ),
            y=alt.Y(
                "from_segment:N", title="Segment a month before", sort=list(SEGMENTS)
            ),
            color=_heat("share_of_from:Q", "Part of former", ".0%"),
            tooltip=[
                alt.Tooltip("from_segment:N", title="From"),
                alt.Tooltip("to_segment:N", title="To"),
                alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
                alt.Tooltip("share_of_from:Q", title="Part of former", format=SHARE),
            ],
        )
    )


def retention(rows: Rows) -> Spec:
    """Cohort by month since its first purchase; what is not over yet is blank."""
    cohorts = len({row["cohort"] for row in rows})
    chart = _chart(rows, max(120, 20 * cohorts + 40)).mark_rect()
    return _spec(
        chart.encode(
            x=alt.X(
                "month_number:O", title="Months since the first purchase", axis=_flat()
            ),
            y=alt.Y("cohort:O", title="Month of the first purchase"),
            color=_heat("retention_rate:Q", "Bought again", ".0%"),
            tooltip=[
                alt.Tooltip("cohort:N", title="First purchase in"),
                alt.Tooltip("month_number:O", title="Months since"),
                alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
                alt.Tooltip("active_customer_count:Q", title="Bought", format=COUNT),
                alt.Tooltip("retention_rate:Q", title="Part that bought", format=SHARE),
            ],
        )
    )


def retention_curve(rows: Rows) -> Spec:
    """The average over the cohorts."""
    chart = _chart(rows, 220).mark_line(point=True, strokeWidth=2)
    return _spec(
        chart.encode(
            x=alt.X(
                "month_number:O", title="Months since the first purchase", axis=_flat()
            ),
            y=alt.Y("retention_rate:Q", title="Part that bought", axis=_axis("%")),
            tooltip=[
                alt.Tooltip("month_number:O", title="Months since"),
                alt.Tooltip("retention_rate:Q", title="Part that bought", format=SHARE),
                alt.Tooltip("cohort_count:Q", title="Cohorts"),
                alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
            ],
        )
    )


def churn_customers(rows: Rows) -> Spec:
    """How each method parts the customers by risk."""
    return _by_risk(rows, "customer_count", "Customers")


def churn_revenue(rows: Rows) -> Spec:
    """The revenue at stake in each band of each method."""
    return _by_risk(rows, "revenue_at_stake", "Revenue at stake")


def backtest(rows: Rows) -> Spec:
    """The part of each band that really left; the line is that of all customers."""
    base = _chart(rows, 240)
    tooltip = [
        alt.Tooltip("method_name:N", title="Method"),
        alt.Tooltip("risk:N", title="Risk at the cut"),
        alt.Tooltip("customer_count:Q", title="Customers", format=COUNT),
        alt.Tooltip("churn_rate:Q", title="Did not come back", format=SHARE),
        alt.Tooltip("overall_churn_rate:Q", title="Of all customers", format=SHARE),
    ]
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("churn_rate:Q", title="Did not come back", axis=_axis("%")),
        y=alt.Y("method_name:N", title=None, sort=METHODS),
        yOffset=alt.YOffset("risk:N", sort=list(RISKS)),
        color=_risk(),
        tooltip=tooltip,
    )
    overall = base.mark_rule(strokeDash=[4, 3], strokeWidth=2).encode(
        x="mean(overall_churn_rate):Q"
    )
    return _spec(bars + overall)


def week(rows: Rows) -> Spec:
    """Day by hour."""
    chart = _chart(rows, 240).mark_rect()
    return _spec(
        chart.encode(
            x=alt.X("hour_of_day:O", title="Hour", axis=_flat()),
            y=alt.Y("day_name:O", title=None, sort=list(DAYS)),
            color=_heat("net_revenue:Q", "Net revenue", "~s"),
            tooltip=[
                alt.Tooltip("day_name:N", title="Day"),
                alt.Tooltip("hour_of_day:O", title="Hour"),
                alt.Tooltip("net_revenue:Q", title="Net revenue", format=MONEY),
                alt.Tooltip(
                    "purchase_day_count:Q", title="Customers times days", format=COUNT
                ),
            ],
        )
    )


def weekdays(rows: Rows) -> Spec:
    """What a day of each weekday brings."""
    return _bars(
        rows, "day_name", "net_revenue_per_day", "Net revenue of one day", list(DAYS)
    )


def categories(rows: Rows) -> Spec:
    """Net revenue by category."""
    return _bars(rows, "product_category", "net_revenue", "Net revenue")


def payments(rows: Rows) -> Spec:
    """Net revenue by payment method."""
    return _bars(rows, "payment_method", "net_revenue", "Net revenue")


def personas(rows: Rows) -> Spec:
    """Customers by persona."""
    return _bars(rows, "persona_name", "customer_count", "Customers")


def persona_profiles(rows: Rows) -> Spec:
    """Persona by feature: how far from all customers, in standard deviations."""
    features = list(dict.fromkeys(row["feature_name"] for row in rows))
    limit = max((abs(row["effect"] or 0) for row in rows), default=1) or 1
    chart = _chart(rows, 24 * len(features) + 120).mark_rect()
    return _spec(
        chart.encode(
            x=alt.X(
                "persona_name:N",
                title=None,
                axis=alt.Axis(labelAngle=-35, labelLimit=230),
            ),
            y=alt.Y(
                "feature_name:N",
                title=None,
                sort=features,
                axis=alt.Axis(labelLimit=150),
            ),
            color=alt.Color(
                "effect:Q",
                title="Deviations from all",
                scale=alt.Scale(domain=[-limit, 0, limit], range="diverging"),
                legend=_legend(".1f"),
            ),
            tooltip=[
                alt.Tooltip("persona_name:N", title="Persona"),
                alt.Tooltip("feature_name:N", title="Feature"),
                alt.Tooltip("persona_mean:Q", title="Persona", format=",.3~f"),
                alt.Tooltip("population_mean:Q", title="All", format=",.3~f"),
                alt.Tooltip("effect:Q", title="Deviations", format="+.2f"),
            ],
        )
    )


def value_by_segment(rows: Rows) -> Spec:
    """Expected value of the next year by segment."""
    return _bars(rows, "segment", "expected_value", "Expected net revenue, 365 days")


def calibration_purchases(rows: Rows) -> Spec:
    """Purchase days by decile of the prediction."""
    return _calibration(rows, "purchases", "Purchase days per customer")


def calibration_revenue(rows: Rows) -> Spec:
    """Net revenue by decile of the prediction."""
    return _calibration(rows, "revenue", "Net revenue per customer")


def _calibration(rows: Rows, target: str, title: str) -> Spec:
    long = [
        {"decile": row["decile"], "what": what, "mean": row[f"{what}_mean"]}
        for row in rows
        if row["target"] == target
        for what in ("predicted", "actual")
    ]
    chart = _chart(long, 240).mark_line(point=True, strokeWidth=2)
    return _spec(
        chart.encode(
            x=alt.X("decile:O", title="Tenth of customers by prediction", axis=_flat()),
            y=alt.Y("mean:Q", title=title),
            color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("what:N", legend=None),
            tooltip=[
                alt.Tooltip("decile:O", title="Tenth"),
                alt.Tooltip("what:N", title="What"),
                alt.Tooltip("mean:Q", title=title, format=",.2f"),
            ],
        )
    )


def _bars(
    rows: Rows, name: str, value: str, title: str, order: list[str] | None = None
) -> Spec:
    """Horizontal bars, in the order of the rows unless one is given."""
    names = order or [row[name] for row in rows]
    chart = _chart(rows, 26 * len(rows) + 50).mark_bar(cornerRadiusEnd=2)
    return _spec(
        chart.encode(
            x=alt.X(f"{value}:Q", title=title, axis=_axis("~s")),
            y=alt.Y(f"{name}:N", title=None, sort=names, axis=alt.Axis(labelLimit=150)),
            tooltip=[
                alt.Tooltip(f"{name}:N", title="What"),
                alt.Tooltip(f"{value}:Q", title=title, format=",.0f"),
            ],
        )
    )


def _by_risk(rows: Rows, value: str, title: str) -> Spec:
    chart = _chart(_ranked(rows), 150).mark_bar()
    return _spec(
        chart.encode(
            x=alt.X(f"sum({value}):Q", title=title, axis=_axis("~s")),
            y=alt.Y("method_name:N", title=None, sort=METHODS),
            color=_risk(),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("method_name:N", title="Method"),
                alt.Tooltip("risk:N", title="Risk"),
                alt.Tooltip(f"sum({value}):Q", title=title, format=",.0f"),
            ],
        )
    )


def _ranked(rows: Rows) -> list[dict[str, Any]]:
    ranks = list(RISKS)
    return [row | {"rank": ranks.index(row["risk"])} for row in rows]


def _risk() -> alt.Color:
    return alt.Color(
        "risk:N",
        title=None,
        scale=alt.Scale(domain=list(RISKS), range=list(RISKS.values())),
        # Three to a line: they fit on a phone.
        legend=alt.Legend(orient="top", columns=3),
    )


def _heat(field: str, title: str, form: str) -> alt.Color:
    return alt.Color(
        field, title=title, scale=alt.Scale(range="heatmap"), legend=_legend(form)
    )


def _legend(form: str) -> alt.Legend:
    return alt.Legend(orient="top", format=form, gradientLength=160)


def _axis(form: str) -> alt.Axis:
    return alt.Axis(format=form, tickCount=5)


def _flat() -> alt.Axis:
    return alt.Axis(labelAngle=0, labelOverlap="parity")


def _chart(rows: Rows, height: int, day: str | None = None) -> alt.Chart:
    values = [{name: _plain(value) for name, value in row.items()} for row in rows]
    data = alt.InlineData(values=values)
    if day:
        # The same day wherever the reader is: a browser takes a bare date for UTC, and
        # would show it in the reader's time zone.
        data.format = alt.DataFormat(parse={day: "date:'%Y-%m-%d'"})
    return alt.Chart(data, width="container", height=height)


def _spec(chart: alt.Chart | alt.LayerChart) -> Spec:
    spec = chart.to_dict()
    if "layer" in spec:
        spec["width"] = "container"
    # The theme of the page is laid over the chart when it is drawn.
    spec.pop("config", None)
    return spec


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
