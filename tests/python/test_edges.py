"""The marts at the edges: no data, one line, and a small world worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import worlds
from pipeline import apart
from pyspark.errors import PySparkException
from worlds import Compiled, World

from python_jobs import value as customer_value
from python_jobs.settings import Settings

# --- no data at all


def test_without_data_every_mart_is_empty_and_every_test_holds(
    project: Compiled,
) -> None:
    """That the tables are there is seen in test_increments, which begins so."""
    with worlds.world(project) as nothing:
        found = nothing.count()
        # What the seeds say of segments does not wait for customers.
        assert found.pop("marts.dim_segments") > 12
        assert len(found) > 70
        assert {name for name, count in found.items() if count} == {
            "intermediate.int_as_of_date"
        }
        assert nothing.broken() == []


# --- one customer, one line, at midnight of a leap day, with nothing but what must be


@pytest.fixture(scope="module")
def one_line(project: Compiled) -> Iterator[World]:
    """One purchase by somebody of whom nothing is known."""
    with worlds.world(project) as one_line:
        one_line.deliver("customers", "customer_id", "('ann')")
        one_line.deliver(
            "transactions",
            "transaction_id, customer_id, transacted_at, amount",
            "('t', 'ann', timestamp'2024-02-29 00:00:00', 12.34)",
        )
        yield one_line


def test_one_line_counts_on_its_leap_day(one_line: World) -> None:
    assert one_line.rows(
        "marts.fct_daily_sales",
        "calendar_date, customer_count, transaction_count, net_revenue, "
        "net_revenue_7_day_mean",
    ) == [(date(2024, 2, 29), 1, 1, Decimal("12.34"), None)]
    assert one_line.rows(
        "marts.fct_customer_rfm_monthly",
        "month_end_date, as_of_date, recency_days, segment, previous_segment",
    ) == [(date(2024, 2, 29), date(2024, 3, 1), 1, "Champions", "Not yet a customer")]
    assert one_line.rows("marts.rpt_segment_migration", "from_segment") == []


def test_what_nobody_told_is_unknown(one_line: World) -> None:
    money = Decimal("12.34")
    for table, column in (
        ("rpt_sales_by_category", "product_category"),
        ("rpt_sales_by_payment_method", "payment_method"),
    ):
        found = one_line.rows(f"marts.{table}", f"{column}, net_revenue")
        assert found == [("unknown", money)]
    assert one_line.rows(
        "marts.rpt_customers_by_demographic",
        "attribute, attribute_value, customer_count, share_of_revenue",
    ) == [
        (attribute, "unknown", 1, 1.0)
        for attribute in ("age_band", "gender", "location", "membership_level")
    ]
    assert one_line.rows(
        "marts.rpt_cohort_retention",
        "cohort_type, cohort, month_number, customer_count, active_customer_count, "
        "net_revenue",
    ) == [
        ("first_purchase", "2024-02", 0, 1, 1, money),
        ("registration", "unknown", 0, 1, None, money),
    ]


def test_a_customer_without_gaps_has_a_reason_instead_of_a_cadence(
    one_line: World,
) -> None:
    assert one_line.rows(
        "marts.fct_customer_churn",
        "window_risk, cadence_risk, cadence_basis",
    ) == [("Low", None, "no customer has a gap yet")]
    assert one_line.rows("marts.rpt_churn_risk", "method, risk, customer_count") == [
        ("cadence", "Unknown", 1),
        ("p_alive", "Unknown", 1),
        ("window", "Low", 1),
    ]
    assert one_line.rows("marts.rpt_churn_backtest", "method") == []


def test_an_as_of_date_before_the_first_line_is_refused(
    project_in_march: Compiled,
) -> None:
    with worlds.world(project_in_march) as too_late:
        too_late.deliver(
            "transactions",
            "transaction_id, customer_id, transacted_at, amount",
            "('t', 'ann', timestamp'2024-03-01 00:00:00', 12.34)",
        )
        too_late.deliver("customers", "customer_id", "('ann')")
        with pytest.raises(
            PySparkException,
            match="as_of_date is 2024-03-01, but the first transaction is of "
            "2024-03-01: choose a later date",
        ):
            too_late.rows("intermediate.int_as_of_date")


def test_one_line_is_too_thin_for_customer_value(
    one_line: World, settings: Settings
) -> None:
    """Each model is published with its reason, and all tests of the data pass."""
    own = apart(settings, "one_line")
    one_line.save("marts.fct_customer_purchase_summary", own)
    customer_value.fit(one_line.spark, own)
    for table in ("runs", "fits", "parameters", "parameter_draws", "expectations"):
        published = f"{own.schema('ml')}.value_{table}"
        one_line.put(f"ml.value_{table}", one_line.spark.table(published))
    assert one_line.rows(
        "marts.fct_customer_lifetime_value",
        "customer_id, p_alive, expected_value_365d, no_value_reason",
    ) == [
        ("ann", None, None, "0 repeat buyers: fewer than the 100 that a fit needs"),
    ]
    assert one_line.rows(
        "marts.rpt_lifetime_value_calibration",
        "model, target, customer_count, no_calibration_reason",
    ) == [
        (model, target, 0, "no customer had bought before this date")
        for model in ("BG/NBD", "MBG/NBD")
        for target in ("purchases", "revenue")
    ]
    assert one_line.broken() == []


# --- a small world


def deliver_the_world(world: World) -> None:
    """January to June 2024, without a sale in March and May.

    ann   registered in January, buys in January, on the leap day, in April and in June
    bob   registered in 2023, buys and gives back on one day in February, buys in April
    zoe   of unknown registration, buys in January, gives all back in June
    rex   has nothing but a return
    eve   registered in May and never came

    A line of 1900 is a mistake that changes none of the numbers.
    """
    world.deliver(
        "customers",
        "customer_id, registration_date, gender",
        """
        ('ann', date'2024-01-10', 'female'), ('bob', date'2023-12-31', 'male'),
        ('eve', date'2024-05-05', 'female'), ('rex', null, ''), ('zoe', null, 'female')
        """,
    )
    world.deliver(
        "transactions",
        "transaction_id, customer_id, transacted_at, amount, product_category",
        """
        ('a0', 'ann', timestamp'1900-01-01 09:30:00', 70, 'books'),
        ('a1', 'ann', timestamp'2024-01-15 09:30:00', 100, 'books'),
        ('a2', 'ann', timestamp'2024-02-29 00:00:00', 50, 'books'),
        ('a3', 'ann', timestamp'2024-04-30 23:59:59.999', 10, 'toys'),
        ('a4', 'ann', timestamp'2024-06-01 00:00:00', 20, 'books'),
        ('b1', 'bob', timestamp'2024-02-01 12:00:00', 30, 'toys'),
        ('b2', 'bob', timestamp'2024-02-01 18:00:00', -30, 'toys'),
        ('b3', 'bob', timestamp'2024-04-02 12:00:00', 80, 'books'),
        ('z1', 'zoe', timestamp'2024-01-31 23:30:00', 60, 'toys'),
        ('z2', 'zoe', timestamp'2024-06-15 12:00:00', -60, 'toys'),
        ('r1', 'rex', timestamp'2024-04-10 12:00:00', -5, 'toys')
        """,
    )


@pytest.fixture(scope="module")
def world(project: Compiled) -> Iterator[World]:
    """The small world, as of the day after its last line."""
    with worlds.world(project) as world:
        deliver_the_world(world)
        yield world


def test_every_test_of_the_data_holds_in_the_world(world: World) -> None:
    assert world.broken() == []


def test_a_return_of_the_same_day_undoes_the_purchase_day(world: World) -> None:
    assert world.rows(
        "marts.fct_daily_sales",
        "calendar_date, customer_count, transaction_count, return_count, "
        "returned_revenue, net_revenue",
        "calendar_date = '2024-02-01'",
    ) == [(date(2024, 2, 1), 0, 1, 1, Decimal("30.00"), Decimal("0.00"))]


def test_features_are_of_purchase_days_and_purchase_lines(world: World) -> None:
    """Ann's gaps are 45, 61 and 32 days.

    Two of her four lines tell no time of day; of the others one is of the morning.
    """
    assert world.rows(
        "marts.fct_customer_features",
        "customer_id, frequency, mean_gap_days, returns_rate, lines_per_purchase_day, "
        "weekend_share, morning_share, category_shares['books'], size(payment_shares)",
    ) == [
        ("ann", 4, 46.0, 0.0, 1.0, 0.25, 0.5, 0.75, 0),
        ("bob", 1, None, 30 / 110, 2.0, 0.0, 0.0, 0.5, 0),
        ("zoe", 1, None, 1.0, 1.0, 0.0, 0.0, None, 0),
    ]


def test_days_and_months_without_sales_are_there(world: World) -> None:
    [[days, money]] = world.rows(
        "marts.fct_daily_sales",
        "count(*), sum(net_revenue)",
        "calendar_date between '2024-03-01' and '2024-03-31'",
    )
    assert (days, money) == (31, 0)
    months = world.rows(
        "insights.rpt_executive_summary",
        "period_start_date, metric_value, previous_value, is_complete",
        "metric = 'customers'",
    )
    assert [(month.month, value, before) for month, value, before, _ in months] == [
        (1, 2, None),
        (2, 1, 2),
        (3, 0, 1),
        (4, 2, 0),
        (5, 0, 2),
        (6, 1, 0),
    ]
    assert [complete for *_, complete in months] == [True] * 5 + [False]


def test_retention_is_of_those_who_bought_the_month_before(world: World) -> None:
    """Not the active share: of January's two one came back, of February's one none."""
    found = world.rows(
        "insights.rpt_executive_summary",
        "month(period_start_date), metric_value",
        "metric = 'retention_rate'",
    )
    assert found == [
        (1, None),
        (2, Decimal("0.5")),
        (3, 0),
        (4, None),
        (5, 0),
        (6, None),
    ]


def test_each_number_of_the_summary_is_what_its_query_gives(world: World) -> None:
    found = world.rows(
        "insights.rpt_executive_summary",
        "metric, period_start_date, cast(metric_value as double), source_query",
    )
    assert len(found) == 9 * 6
    # Without a customer in the month, or in the month before, there is no rate.
    assert sum(value is None for _, _, value, _ in found) == 7
    for metric, period, value, query in found:
        asked = world.project.named(f"select cast(({query}) as double)")
        [[answer]] = world.spark.sql(asked).collect()
        expected = value and pytest.approx(value, abs=1e-8)
        assert answer == expected, (metric, period)


def test_segments_by_month_hold_who_was_known_by_then(world: World) -> None:
    """A registration counts from its day on, a return makes nobody a buyer."""
    found = world.rows(
        "marts.fct_customer_rfm_monthly",
        "month(month_end_date), customer_id, frequency, monetary, recency_days, "
        "previous_segment = 'Not yet a customer'",
    )
    zero = Decimal("0.00")
    assert found == [
        (1, "ann", 1, Decimal("100.00"), 17, True),
        (1, "bob", 0, zero, None, False),
        (1, "zoe", 1, Decimal("60.00"), 1, True),
        (2, "ann", 2, Decimal("150.00"), 1, False),
        (2, "bob", 0, zero, None, False),
        (2, "zoe", 1, Decimal("60.00"), 30, False),
        (3, "ann", 2, Decimal("150.00"), 32, False),
        (3, "bob", 0, zero, None, False),
        (3, "zoe", 1, Decimal("60.00"), 61, False),
        (4, "ann", 3, Decimal("160.00"), 1, False),
        (4, "bob", 1, Decimal("80.00"), 29, False),
        (4, "rex", 0, Decimal("-5.00"), None, True),
        (4, "zoe", 1, Decimal("60.00"), 91, False),
        (5, "ann", 3, Decimal("160.00"), 32, False),
        (5, "bob", 1, Decimal("80.00"), 60, False),
        (5, "eve", 0, zero, None, True),
        (5, "rex", 0, Decimal("-5.00"), None, False),
        (5, "zoe", 1, Decimal("60.00"), 122, False),
    ]


def test_migration_counts_who_was_not_a_customer_yet(world: World) -> None:
    assert world.rows(
        "marts.rpt_segment_migration",
        "month(month_end_date), to_segment, customer_count, net_revenue, "
        "month_net_revenue",
        "from_segment = 'Not yet a customer'",
    ) == [
        (4, "Prospects", 1, Decimal("-5.00"), Decimal("-5.00")),
        (5, "Prospects", 1, Decimal("0.00"), Decimal("0.00")),
    ]


def test_a_cohort_cell_with_nobody_is_zero_and_the_future_is_null(world: World) -> None:
    found = world.rows(
        "marts.rpt_cohort_retention",
        "cohort, month_number, active_customer_count, net_revenue, "
        "cumulative_net_revenue, is_complete",
        "cohort_type = 'first_purchase'",
    )
    money = Decimal
    assert found == [
        ("2024-01", 0, 2, money("160.00"), money("160.00"), True),
        ("2024-01", 1, 1, money("50.00"), money("210.00"), True),
        ("2024-01", 2, 0, money("0.00"), money("210.00"), True),
        ("2024-01", 3, 1, money("10.00"), money("220.00"), True),
        ("2024-01", 4, 0, money("0.00"), money("220.00"), True),
        # Ann's 20 less what zoe gave back: the total falls, it is no maximum.
        ("2024-01", 5, 1, money("-40.00"), money("180.00"), False),
        ("2024-04", 0, 1, money("80.00"), money("80.00"), True),
        ("2024-04", 1, 0, money("0.00"), money("80.00"), True),
        ("2024-04", 2, 0, money("0.00"), money("80.00"), False),
        ("2024-04", 3, None, None, None, False),
        ("2024-04", 4, None, None, None, False),
        ("2024-04", 5, None, None, None, False),
        ("unknown", 0, None, money("-5.00"), money("-5.00"), None),
    ]


def test_the_average_of_cohorts_leaves_incomplete_cells_out(world: World) -> None:
    assert world.rows(
        "marts.rpt_retention_curves",
        "month_number, cohort_count, customer_count, active_customer_count",
        "cohort_type = 'first_purchase'",
    ) == [(0, 2, 3, 3), (1, 2, 3, 1), (2, 1, 2, 0), (3, 1, 2, 1), (4, 1, 2, 0)]


def test_who_only_gave_back_is_a_prospect_with_a_row(world: World) -> None:
    """No sentinel: recency is NULL and no risk is given."""
    assert world.rows(
        "marts.fct_customer_churn",
        "customer_id, recency_days, window_risk, cadence_risk, cadence_basis",
        "frequency = 0",
    ) == [
        ("eve", None, None, None, "no purchase day"),
        ("rex", None, None, None, "no purchase day"),
    ]
    assert world.rows(
        "marts.rpt_churn_risk",
        "method, customer_count, net_revenue",
        "risk = 'Prospects'",
    ) == [
        ("cadence", 2, Decimal("-5.00")),
        ("p_alive", 2, Decimal("-5.00")),
        ("window", 2, Decimal("-5.00")),
    ]


def test_the_back_test_knows_only_what_was_known_at_the_cut(world: World) -> None:
    """On March 18 ann had last bought 18 days ago, zoe 47, ann alone came back."""
    assert world.rows(
        "marts.rpt_churn_backtest",
        "cut_date, risk, customer_count, churned_customer_count, lift",
        "method = 'window'",
    ) == [(date(2024, 3, 18), "Low", 2, 1, 1.0)]


def test_a_category_counts_purchase_days_of_its_own(world: World) -> None:
    """Bob's toys of February came back the same day, categories are not orders."""
    assert world.rows(
        "marts.rpt_sales_by_category",
        "product_category, transaction_count, customer_count, purchase_day_count, "
        "net_revenue, average_basket",
    ) == [
        ("books", 4, 2, 4, Decimal("250.00"), Decimal("62.50")),
        ("toys", 3, 2, 2, Decimal("5.00"), Decimal("2.50")),
    ]
    assert world.rows(
        "marts.dim_customers",
        "customer_id, distinct_category_count",
        "customer_id in ('ann', 'bob')",
    ) == [("ann", 2), ("bob", 2)]


def test_a_weekend_is_compared_by_the_day(world: World) -> None:
    """From a Monday until a Saturday: 22 weeks without their last Sunday."""
    assert world.rows(
        "marts.rpt_weekend_vs_weekday",
        "day_type, day_count, transactions_per_day, customers_per_day, "
        "net_revenue_per_day",
    ) == [
        ("weekday", 110, 6 / 110, 5 / 110, Decimal("2.68")),
        ("weekend", 43, 1 / 43, 1 / 43, Decimal("-0.93")),
    ]


# --- the same world as of an earlier day


@pytest.fixture(scope="module")
def in_march(project_in_march: Compiled) -> Iterator[World]:
    """The world as it was at the end of the leap day, in Newfoundland.

    Its clock is three and a half hours behind UTC in winter, two and a half in summer:
    by it all numbers are the same.
    """
    with worlds.world(project_in_march) as world:
        deliver_the_world(world)
        yield world


def test_an_earlier_as_of_date_sees_nothing_later(in_march: World) -> None:
    assert in_march.rows(
        "marts.dim_customers", "customer_id, recency_days, net_revenue"
    ) == [
        ("ann", 1, Decimal("150.00")),
        ("bob", None, Decimal("0.00")),
        ("zoe", 30, Decimal("60.00")),
    ]
    assert in_march.rows("marts.fct_customer_rfm_monthly", "max(month_end_date)") == [
        (date(2024, 2, 29),)
    ]
    assert in_march.rows("marts.fct_customer_months", "max(month_start_date)") == [
        (date(2024, 2, 1),)
    ]
    assert in_march.rows(
        "marts.rpt_cohort_retention",
        "max(month_number), sum(net_revenue)",
        "cohort_type = 'first_purchase'",
    ) == [(1, Decimal("210.00"))]


def test_the_month_end_agrees_with_the_day_after_it(in_march: World) -> None:
    columns = "customer_id, recency_days, frequency, monetary, r_score, segment"
    assert in_march.rows(
        "marts.fct_customer_rfm_monthly",
        columns,
        "month_end_date = '2024-02-29'",
    ) == in_march.rows("marts.fct_customer_rfm", columns)


# --- scores, money, drift


def test_customers_who_are_alike_have_the_same_scores(project: Compiled) -> None:
    """Of six buyers the four thresholds are the first four of the sorted values."""
    with worlds.world(project) as world:
        world.deliver(
            "customers", "customer_id", "('a'), ('b'), ('c'), ('d'), ('e'), ('f')"
        )
        world.deliver(
            "transactions",
            "transaction_id, customer_id, transacted_at, amount",
            """
            ('1', 'a', timestamp'2024-01-01', 1010),
            ('2', 'b', timestamp'2024-01-02', 1020),
            ('3', 'c', timestamp'2024-01-02', 1020),
            ('4', 'd', timestamp'2024-01-03', 1030),
            ('5', 'e', timestamp'2024-01-04', 1040),
            ('6', 'f', timestamp'2024-01-05', 1050)
            """,
        )
        assert world.rows(
            "marts.fct_customer_rfm", "customer_id, r_score, f_score, m_score"
        ) == [
            ("a", 1, 1, 1),
            ("b", 2, 1, 2),
            ("c", 2, 1, 2),
            ("d", 4, 1, 4),
            ("e", 5, 1, 5),
            ("f", 5, 1, 5),
        ]


def test_money_is_to_the_cent(project: Compiled) -> None:
    with worlds.world(project) as world:
        world.deliver("customers", "customer_id", "('ann')")
        world.deliver(
            "transactions",
            "transaction_id, customer_id, transacted_at, amount, product_category",
            """
            ('1', 'ann', timestamp'2024-01-01', 0.10, 'toys'),
            ('2', 'ann', timestamp'2024-01-02', 0.20, 'toys'),
            ('3', 'ann', timestamp'2024-01-03', 9.70, 'toys')
            """,
        )
        columns = "net_revenue, average_basket"
        for table in ("dim_customers", "rpt_sales_by_category"):
            [(money, basket)] = world.rows(f"marts.{table}", columns)
            assert (money, basket) == (Decimal("10.00"), Decimal("3.33"))


def test_drift_is_measured_in_the_bins_of_the_run_before(project: Compiled) -> None:
    """Of 9 and 29 customers 19 and 19 are there; its own bins would hold 38 and none.

    With half a customer more in each: 9.5 and 29.5 of 39 have become a half each.
    """
    with worlds.world(project) as world:
        runs = "run_id, previous_run_id, common_customer_count, moved_customer_count"
        world.publish("persona_runs", runs, "'r1', null, 0, 0", "'r2', 'r1', 38, 19")
        world.publish(
            "persona_features",
            "run_id, feature, block",
            *(f"'{run}', 'age', 'demographics'" for run in ("r1", "r2")),
        )
        world.publish(
            "persona_feature_bins",
            "run_id, edges_run_id, feature, bin, customer_count",
            *("'r1', 'r1', 'age', 1, 9", "'r1', 'r1', 'age', 2, 29"),
            *("'r2', 'r1', 'age', 1, 19", "'r2', 'r1', 'age', 2, 19"),
            *("'r2', 'r2', 'age', 1, 38", "'r2', 'r2', 'age', 2, 0"),
        )
        [(index, drift, moved)] = world.rows(
            "personas.rpt_persona_drift",
            "population_stability_index, drift, share_of_customers_moved",
        )
        assert index == pytest.approx(0.2905380678818664)
        assert (drift, moved) == ("major", 0.5)


# --- where rows go


def test_the_newest_delivery_of_a_line_wins_and_the_others_are_counted(
    project: Compiled,
) -> None:
    """Whatever it says, and whatever was delivered twice at once."""
    line = "transaction_id, customer_id, transacted_at, amount"
    with worlds.world(project) as world:
        world.deliver("customers", "customer_id", "('ann')")
        for rows in (
            "('t', 'ann', timestamp'2024-01-01', 30), "
            "('u', 'ann', timestamp'2024-01-01', 5), "
            "('u', 'ann', timestamp'2024-01-01', 5)",
            "('t', 'ann', timestamp'2024-01-03', 10)",
            "('t', 'ann', timestamp'2024-01-02', 20)",
        ):
            world.deliver("transactions", line, rows)
        assert world.rows(
            "staging.stg_transactions", "transaction_id, transacted_date, amount"
        ) == [("t", date(2024, 1, 2), 20), ("u", date(2024, 1, 1), 5)]
        assert world.rows(
            "marts.rpt_data_quality",
            "batch_id, outcome, row_count",
            "kind = 'transactions'",
        ) == [
            (2, "superseded", 2),
            (2, "valid", 1),
            (3, "superseded", 1),
            (4, "valid", 1),
        ]


def test_rows_that_did_not_come_in_are_told_with_their_batch(project: Compiled) -> None:
    with worlds.world(project) as world:
        world.deliver("customers", "customer_id", "('ann')")
        world.put(
            "staging.stg_rejects",
            world.spark.sql(
                "select 1L as batch_id, reason from values "
                "('no time'), ('no time'), ('no amount') as rows (reason)"
            ),
        )
        assert world.rows("staging.stg_batches", "rows_in, rows_not_meant") == [(1, 0)]
        world.put(
            "staging.stg_batches",
            world.spark.sql(
                "select * except (rows_in, rows_not_meant), 8L as rows_in, "
                "4L as rows_not_meant from staging__stg_batches"
            ),
        )
        assert world.rows(
            "marts.rpt_data_quality", "batch_id, outcome, reason, row_count"
        ) == [
            (1, "not_meant", "where", 4),
            (1, "rejected", "no amount", 1),
            (1, "rejected", "no time", 2),
            (1, "valid", "none", 1),
        ]


# --- what breaks a rule


def test_each_rule_has_its_reason_and_a_customer_stays_one(project: Compiled) -> None:
    """Delivered on 2026-01-01: up to a day later is not the future yet."""
    with worlds.world(project) as world:
        world.deliver(
            "customers",
            "customer_id, age, registration_date",
            """
            ('ann', 120, date'2026-01-02'), ('bob', 121, null),
            ('cleo', -1, null), ('dan', 0, date'2026-01-03')
            """,
        )
        world.deliver(
            "transactions",
            "transaction_id, customer_id, transacted_at, amount",
            """
            ('fine', 'ann', timestamp'2026-01-02 00:00:00', 1000000),
            ('returned', 'bob', timestamp'2025-01-02 00:00:00', -1000000),
            ('later', 'ann', timestamp'2026-01-02 00:00:01', 1),
            ('first', 'ann', timestamp'1990-01-01 00:00:00', 1),
            ('earlier', 'ann', timestamp'1989-12-31 23:59:59', 1),
            ('dearer', 'ann', timestamp'2025-01-02 00:00:00', 1000000.01),
            ('cheaper', 'ann', timestamp'2025-01-02 00:00:00', -1000000.01),
            ('nobody', null, timestamp'2025-01-02 00:00:00', 1),
            ('stranger', 'zoe', timestamp'2025-01-02 00:00:00', 1)
            """,
        )
        assert world.rows(
            "staging.stg_quarantined_transactions", "transaction_id, quarantine_reason"
        ) == [
            ("cheaper", "amount_beyond_limit"),
            ("dearer", "amount_beyond_limit"),
            ("earlier", "date_before_start"),
            ("later", "future_date"),
            ("nobody", "missing_customer"),
            ("stranger", "orphan"),
        ]
        assert world.rows("staging.stg_transactions", "transaction_id") == [
            ("fine",),
            ("first",),
            ("returned",),
        ]
        assert world.rows(
            "staging.stg_quarantined_customers", "customer_id, quarantine_reason"
        ) == [
            ("bob", "age_out_of_range"),
            ("cleo", "age_out_of_range"),
            ("dan", "registered_in_future"),
        ]
        assert world.rows(
            "marts.dim_customers", "customer_id, age", "customer_id = 'bob'"
        ) == [("bob", None)]
        assert world.rows(
            "marts.rpt_data_quality", "outcome, sum(row_count)", "true group by outcome"
        ) == [("quarantined", 9), ("valid", 4)]
        assert world.broken() == []
