"""Who the customers are, and when they purchase: rows out of `range`, no shuffle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from python_jobs.generator import personas
from python_jobs.generator.clock import with_calendar
from python_jobs.generator.expressions import (
    Chance,
    keep,
    number,
    padded,
    pick,
    piece,
    trait,
)
from python_jobs.generator.personas import Persona
from python_jobs.generator.plan import LATE_DAYS, Period, Plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CUSTOMERS_PER_FILE = 500_000
FEW = 20_000  # customers that are not worth a second task
NEVER = 1e9
CENTURY = 36_525  # a mistyped year: in the future whenever it arrives
ABSURD_AGE = 999


def purchases(spark: SparkSession, plan: Plan, end: int) -> DataFrame:
    """The truth of each customer registered by the end, and what to expect of them.

    The column `moments` has their purchases, by their persona's clock.
    """
    chance = Chance(plan.options.seed)
    # BG/NBD: nobody drops out after the first purchase, the x = 0 of the model.
    lifetime = f"""
        cast(least(1e6D, 1 + floor(
            ln({chance.uniform("lifetime", "customer")}) / ln(1 - dropout_probability)
        )) as int)
    """
    gap = f"-ln({chance.uniform('gap', 'customer', 'n')}) / purchase_rate"
    names = ", ".join(f"'{persona.name}'" for persona in plan.personas)
    shape = trait(_of(plan, lambda p: p.basket_shape))
    spread = chance.gamma("spread", _of(plan, lambda p: p.basket_spread), "customer")
    rate = chance.gamma("rate", _of(plan, lambda p: p.rate_shape), "customer")
    drop = chance.gamma("drop", _of(plan, lambda p: p.dropout[0]), "customer")
    stay = chance.gamma("stay", _of(plan, lambda p: p.dropout[1]), "customer")
    return (
        _members(spark, plan, end)
        .selectExpr(
            "*",
            f"{rate} / {trait(plan.alphas)} as purchase_rate",
            f"{drop} as drop",
            f"{stay} as stay",
            f"{shape} * {trait(plan.basket_scales)} / {spread} as mean_basket",
            # A little more than the period: a moment is no whole day, and rounded.
            f"{trait(plan.moments(end))} + 1e-6D as horizon",
        )
        .selectExpr(
            "* except (drop, stay)",
            "greatest(1e-9D, least(1 - 1e-9D, drop / (drop + stay)))"
            " as dropout_probability",
            "greatest(0D, (horizon - first_moment) * purchase_rate) as expected",
        )
        .selectExpr("*", f"{lifetime} as lifetime")
        .selectExpr(
            "*",
            # More gaps than these before the horizon: less than once in 1e12.
            # Two purchases on one day would be one, so a gap is a day at least.
            f"""
            aggregate(
                sequence(1, least(lifetime,
                    cast(ceil(expected + 7 * sqrt(expected) + 8) as int))),
                array(first_moment),
                (moments, n) -> if(
                    moments[size(moments) - 1] >= horizon,
                    moments,
                    array_append(moments,
                        moments[size(moments) - 1] + greatest(1D, {gap}))
                )
            ) as beyond
            """,
        )
        .selectExpr(
            "*",
            """
            if(beyond[size(beyond) - 1] < horizon,
                beyond, slice(beyond, 1, size(beyond) - 1)) as moments
            """,
        )
        .selectExpr(
            "*",
            "size(moments) as purchase_count",
            f"first_moment < {number(NEVER)} and size(moments) <= lifetime"
            " as is_alive_at_end",
        )
        .selectExpr(
            "*",
            """
            if(is_alive_at_end and purchase_count > 0,
                -expm1(-purchase_rate * dropout_probability * 365)
                    / dropout_probability, 0D) as expected_purchases_365d
            """,
        )
        .selectExpr(
            "customer_id",
            f"array({names})[persona] as persona",
            f"date_add(date'{plan.options.start_date}', registered)"
            " as registration_date",
            "purchase_rate",
            "dropout_probability",
            "mean_basket",
            "moments",
            "purchase_count",
            "is_alive_at_end",
            "expected_purchases_365d",
            "expected_purchases_365d * mean_basket as expected_value_365d",
        )
    )


def delivered(spark: SparkSession, plan: Plan, period: Period) -> DataFrame:
    """The customers that arrive in the period, with their trouble, NULL for most."""
    chance, options = Chance(plan.options.seed), plan.options
    bad = options.rate("bad")
    # The planned customers are all there when the plan ends, so none of them is late.
    trouble = f"""
        case
            when u_trouble < {number(bad / 2)} then 'absurd_age'
            when u_trouble < {number(bad)} then 'future_registration'
            when u_trouble < {number(bad + options.rate("late"))}
                and customer >= {options.customers} then 'late_customer'
        end
    """
    delay = f"""
        if(trouble <=> 'late_customer',
            1 + {chance.whole("late customer", LATE_DAYS, "customer")}, 0)
    """
    age = (
        f"{trait(_of(plan, lambda p: p.age[0]))} + "
        f"{trait(_of(plan, lambda p: p.age[1]))} * {chance.normal('age', 'customer')}"
    )
    rows = _members(spark, plan, period.end).selectExpr(
        "*",
        *(
            f"{chance.uniform(purpose, 'customer')} as u_{purpose}"
            for purpose in ("trouble", "gender", "location", "membership")
        ),
    )
    rows = rows.selectExpr("*", f"{trouble} as trouble")
    return keep(rows, period.covers(f"registered + {delay}")).selectExpr(
        "trouble",
        "customer_id",
        f"""
        cast(if(trouble <=> 'absurd_age', {ABSURD_AGE}D,
            greatest(18D, least(95D, {age}))) as int) as age
        """,
        pick("u_gender", personas.GENDERS, _of(plan, lambda p: p.genders))
        + " as gender",
        pick("u_location", personas.LOCATIONS, _of(plan, lambda p: p.locations))
        + " as location",
        pick("u_membership", personas.MEMBERSHIPS, _of(plan, lambda p: p.memberships))
        + " as membership_level",
        f"""
        date_add(date'{options.start_date}', registered
            + if(trouble <=> 'future_registration', {CENTURY}, 0)
        ) as registration_date
        """,
    )


def _members(spark: SparkSession, plan: Plan, end: int) -> DataFrame:
    """Everybody who is registered by the end, and when they first purchase."""
    chance, planned = Chance(plan.options.seed), plan.options.customers
    total = plan.customers_until(end)
    # Two files for the two cores of a small machine.
    files = max(math.ceil(total / CUSTOMERS_PER_FILE), min(2, math.ceil(total / FEW)))
    first = chance.uniform("first purchase", "customer")
    drawn = (
        spark.range(0, total, 1, files)
        .selectExpr("id as customer", f"{chance.uniform('persona', 'id')} as u_persona")
        .selectExpr("customer", f"{piece('u_persona', [plan.shares])} as persona")
        .selectExpr(
            "*",
            f"""
            case
                when customer < {planned}
                    then {first} * {trait(plan.moments(plan.first_purchases_end))}
                else {trait(plan.moments(plan.growth_day))}
                    + (customer - {planned} + {first}) / {number(plan.daily_customers)}
            end as draw
            """,
        )
    )
    early = f"day - {chance.whole('registered', LATE_DAYS, 'customer')}"
    members = with_calendar(drawn, plan.clocks, "draw").selectExpr(
        "customer",
        f"concat('C', {padded('customer', 9)}) as customer_id",
        "persona",
        f"""
        case
            when customer < {plan.registered_before}
                then -1 - {chance.whole("registered before", 365, "customer")}
            when customer < {planned}
                then least({plan.planned_days - 1}, greatest(0, {early}))
            else greatest({plan.growth_day}, {early})
        end as registered
        """,
        f"""
        if({chance.uniform("buys", "customer")} < {number(plan.level.buyers)},
            draw, {number(NEVER)}) as first_moment
        """,
    )
    return keep(members, f"registered < {end}")


def _of(plan: Plan, attribute: Callable[[Persona], Any]) -> list[Any]:
    return [attribute(persona) for persona in plan.personas]
