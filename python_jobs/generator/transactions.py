"""What the customers buy, and what of it arrives when: no shuffle here either.

Purchases are split into lines; most lines are delivered on their day, and some go
wrong in one of the ways that the options name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_jobs.generator import personas
from python_jobs.generator.clock import with_calendar
from python_jobs.generator.customers import CENTURY
from python_jobs.generator.expressions import (
    Chance,
    bend,
    keep,
    number,
    padded,
    pick,
    piece,
    trait,
)
from python_jobs.generator.options import KINDS
from python_jobs.generator.plan import LATE_DAYS, LONGEST_DELAY, Period, Plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ABSURD_CENTS = 500_000_000
LARGEST_CENTS = 9_999_999
DAY_SECONDS = 86_400
LINE = ("customer", "occasion", "line")

# What comes with a later batch than the other lines of its day.
SECOND = "trouble in ('late', 'correction')"


def delivered_first(purchases: DataFrame, plan: Plan, period: Period) -> DataFrame:
    """The rows that arrive in the period on the day they belong to."""
    rows = _delivered(_lines(purchases, plan, period), plan, period)
    return rows.where(f"not coalesce({SECOND}, false)")


def delivered_with_trouble(
    purchases: DataFrame, plan: Plan, period: Period
) -> DataFrame:
    """The rows that arrive in the period and have trouble, whenever they arrive."""
    total = sum(plan.options.rate(kind) for kind in KINDS)
    # Sorted out before their contents are computed, because they are few.
    lines = _lines(purchases, plan, period).where(f"u_trouble < {number(total)}")
    return _delivered(lines, plan, period).where("trouble is not null")


def _lines(purchases: DataFrame, plan: Plan, period: Period) -> DataFrame:
    """The lines that the period can deliver something of."""
    chance = Chance(plan.options.seed)
    names = ", ".join(f"'{persona.name}'" for persona in plan.personas)
    begin = -1 if period.begin is None else period.begin - LONGEST_DELAY
    occasions = purchases.selectExpr(
        "customer_id",
        "cast(substr(customer_id, 2) as bigint) as customer",
        f"cast(array_position(array({names}), persona) - 1 as int) as persona",
        "mean_basket",
        "posexplode(moments) as (occasion, moment)",
    )
    occasions = keep(
        with_calendar(occasions, plan.clocks, "moment").drop("moment"),
        f"day >= {begin} and day < {period.end}",
    )
    extra = [
        trait([persona.extra_lines[place] for persona in plan.personas])
        for place in range(3)
    ]
    lines = "1 + " + " + ".join(f"if(u_size < {p}, 1, 0)" for p in extra)
    return (
        occasions.selectExpr(
            "*",
            f"{chance.uniform('size', 'customer', 'occasion')} as u_size",
            f"{chance.uniform('fullness', 'customer', 'occasion')} as u_fullness",
        )
        .selectExpr(
            "* except (u_size, u_fullness)",
            # A whole number that is, in the mean, that many times the lines.
            f"""
            cast(floor(({lines}) * {number(plan.level.fullness)} + u_fullness) as int)
                as size
            """,
        )
        .selectExpr("*", "explode(sequence(1, size)) as line")
        .selectExpr("*", f"{chance.uniform('trouble', *LINE)} as u_trouble")
    )


def _delivered(lines: DataFrame, plan: Plan, period: Period) -> DataFrame:
    """What arrives in the period, with its trouble, NULL for most."""
    chance = Chance(plan.options.seed)
    contents = _with_contents(lines, plan)
    end, branches = 0.0, ""
    for kind in KINDS:
        end += plan.options.rate(kind)
        branches += f" when u_trouble < {number(end)} then '{kind}'"
    rows = (
        contents.selectExpr("* except (u_trouble)", f"case {branches} end as kind")
        .selectExpr(
            "*",
            """
            explode(case kind
                when 'corrected' then array('line', 'correction')
                when 'duplicate' then array('line', 'duplicate')
                when 'return' then array('line', 'return')
                else array('line')
            end) as role
            """,
        )
        .selectExpr(
            "* except (kind)",
            f"""
            case
                when role <> 'line' then role
                when kind in ('late', 'orphan') then kind
                when kind = 'bad' then element_at(
                    array('no_customer', 'absurd_amount', 'future_date'),
                    1 + {chance.whole("bad", 3, *LINE)})
            end as trouble
            """,
            f"""
            if(role = 'correction', element_at(
                array('amount', 'category', 'day', 'customer'),
                1 + {chance.whole("correction", 4, *LINE)}), '') as corrects
            """,
        )
        .selectExpr(
            "* except (role)",
            f"""
            case trouble
                when 'late' then 1 + {chance.whole("late", LATE_DAYS, *LINE)}
                when 'correction'
                    then 1 + {chance.whole("corrected", LONGEST_DELAY, *LINE)}
                when 'return' then {chance.whole("returned", LONGEST_DELAY + 1, *LINE)}
                else 0
            end as delay
            """,
        )
        .where(period.covers("day + delay"))
    )
    first = plan.options.start_date
    other = chance.whole("other", max(1, plan.registered_before), *LINE)
    return rows.selectExpr(
        "*", "day + if(trouble <=> 'return', delay, 0) as line_day"
    ).selectExpr(
        "trouble",
        # The day first, so that Delta's statistics tell new lines from old ones.
        f"""
        concat(
            {padded("line_day", 5)}, '-', substr(customer_id, 2),
            '-', {padded("occasion", 5)}, '-', line,
            if(trouble <=> 'return', 'R', '')
        ) as transaction_id
        """,
        # An orphan names a number that no customer ever gets.
        f"""
        case
            when trouble = 'no_customer' then null
            when trouble = 'orphan' then concat('C9', substr(customer_id, 3))
            when corrects = 'customer' then concat('C', {padded(other, 9)})
            else customer_id
        end as customer_id
        """,
        f"""
        timestamp_seconds(
            unix_seconds(timestamp'{first} 00:00:00Z') + second
            + {DAY_SECONDS}L * (line_day + case
                when trouble = 'future_date' then {CENTURY}
                when corrects = 'day' then 1
                else 0
            end)
        ) as transacted_at
        """,
        """
        case
            when corrects <> 'category' then product_category
            when product_category = 'Home' then 'Toys'
            else 'Home'
        end as product_category
        """,
        f"""
        cast(cast(case
            when trouble = 'return' then -cents
            when trouble = 'absurd_amount' then cents + {ABSURD_CENTS}
            when corrects = 'amount' then cents + 100
            else cents
        end as decimal(10, 0)) * 0.01BD as decimal(12, 2)) as amount
        """,
        "quantity",
        "payment_method",
    )


def _with_contents(lines: DataFrame, plan: Plan) -> DataFrame:
    """Add what each line is about; time and payment are those of its basket."""
    chance = Chance(plan.options.seed)
    basket = ("customer", "occasion")
    day_parts = [persona.day_parts for persona in plan.personas]
    shapes = [persona.basket_shape for persona in plan.personas]

    def cut(line: str) -> str:
        moved = chance.uniform("cut", *basket, line)
        return f"if({line} in (0, size), 0D, 0.6D * ({moved} - 0.5D))"

    return lines.selectExpr(
        "*",
        f"{piece('part', day_parts)} as quarter",
        f"{chance.uniform('payment', *basket)} as u_payment",
        f"{chance.uniform('category', *LINE)} as u_category",
    ).selectExpr(
        "customer_id",
        *LINE,
        "day",
        "u_trouble",
        f"""
        cast(floor(({bend("part", "quarter", day_parts)}) * {DAY_SECONDS // 4})
            as bigint) as second
        """,
        pick("u_category", personas.CATEGORIES, [p.categories for p in plan.personas])
        + " as product_category",
        # The lines of a basket share it in about equal parts and add up to it. Cents,
        # because a double takes Spark three times as long to make a decimal of.
        f"""
        cast(greatest(1D, least({LARGEST_CENTS}D, round(
            {chance.gamma("basket", shapes, *basket)} / {trait(shapes)} * mean_basket
                * (1 + {cut("line")} - {cut("(line - 1)")}) / size * 100
        ))) as bigint) as cents
        """,
        f"{chance.whole('quantity', 3, *LINE)} + 1 as quantity",
        pick("u_payment", personas.PAYMENTS, [p.payments for p in plan.personas])
        + " as payment_method",
    )
