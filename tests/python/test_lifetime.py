"""The lifetime models: published numbers, other ways to the same, and hopeless data."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import beta, betaln, expit, gamma, hyp2f1

from python_jobs.lifetime import bootstrap, maximum
from python_jobs.lifetime.expectation import POINTS, Forecast, beta_rule
from python_jobs.lifetime.histories import Histories, histories, spendings
from python_jobs.lifetime.maximum import Fit
from python_jobs.lifetime.purchases import (
    BG,
    MBG,
    Model,
    Purchases,
    alive_probability,
)
from python_jobs.lifetime.spending import Spending, expected_value, mean_value

Floats = NDArray[np.float64]
MODELS = pytest.mark.parametrize("model", [BG, MBG], ids=lambda model: model.name)
TRUTH = np.array([0.6, 21.0, 0.8, 2.5])
SPENDING_TRUTH = np.array([6.0, 4.0, 60.0])


@pytest.fixture(scope="module")
def cdnow() -> dict[str, Floats]:
    """The book's calibration summary: 2,357 customers, 39 weeks."""
    spec = find_spec("lifetimes")
    assert spec and spec.origin
    file = "cdnow_customers_summary_with_transactions.csv"
    with (Path(spec.origin).parent / "datasets" / file).open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 2357
    return {
        name: np.array([float(row[name]) for row in rows])
        for name in ("x", "t_x", "T", "zbar")
    }


@pytest.fixture(scope="module")
def weeks(cdnow: dict[str, Floats]) -> Histories:
    """Its histories."""
    return histories(cdnow["x"], cdnow["t_x"], cdnow["T"])


@pytest.fixture(scope="module")
def bg(weeks: Histories) -> Fit:
    """BG/NBD on it."""
    return maximum.fit(Purchases(BG, weeks))


@pytest.fixture(scope="module")
def money(cdnow: dict[str, Floats]) -> Spending:
    """The mean values of its repeaters."""
    repeaters = cdnow["x"] > 0
    assert repeaters.sum() == 946
    return Spending(spendings(cdnow["x"][repeaters], cdnow["zbar"][repeaters]))


@pytest.fixture(scope="module")
def gamma_gamma(money: Spending) -> Fit:
    """Gamma-Gamma on it."""
    return maximum.fit(money)


def test_bg_nbd_of_cdnow(bg: Fit) -> None:
    assert bg.is_converged and bg.reason is None and bg.gradient < 1e-7
    assert bg.parameters == pytest.approx(
        [0.242593, 4.413527, 0.792883, 2.425742], rel=1e-4
    )
    assert bg.log_likelihood == pytest.approx(-9582.4256, abs=0.01)


def test_bg_nbd_expectations_of_cdnow(bg: Fit) -> None:
    one = histories([2], [30.43], [38.86])
    [expected] = Forecast(BG, one).expected(bg.parameters, 39.0)
    assert expected == pytest.approx(1.2259, rel=1e-4)
    x, t_x, T = np.array([[2, 1, 7], [30.43, 1.71, 29.43], [38.86, 38.86, 38.86]])
    assert alive_probability(BG, bg.parameters, x, t_x, T) == pytest.approx(
        [0.726609, 0.212227, 0.641801], rel=1e-4
    )


def test_mbg_nbd_of_cdnow(weeks: Histories) -> None:
    fit = maximum.fit(Purchases(MBG, weeks))
    assert fit.is_converged
    assert fit.parameters == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=0.002)


def test_gamma_gamma_of_cdnow(gamma_gamma: Fit) -> None:
    assert gamma_gamma.is_converged and gamma_gamma.gradient < 1e-7
    assert gamma_gamma.parameters == pytest.approx([6.2488, 3.7446, 15.4477], rel=1e-4)
    assert gamma_gamma.log_likelihood == pytest.approx(-4055.9232, abs=0.01)
    given, unknown = expected_value(
        gamma_gamma.parameters, np.array([2.0, 0.0]), np.array([22.35, np.nan])
    )
    assert given == pytest.approx(24.6586, rel=1e-4)
    assert unknown == mean_value(gamma_gamma.parameters)
    assert unknown == pytest.approx(35.1710, rel=1e-4)


def test_time_in_days_changes_alpha_only(cdnow: dict[str, Floats], bg: Fit) -> None:
    days = histories(cdnow["x"], 7 * cdnow["t_x"], 7 * cdnow["T"])
    fit = maximum.fit(Purchases(BG, days))
    assert fit.parameters == pytest.approx(bg.parameters * [1, 7, 1, 1], rel=1e-6)
    # The density of x purchase times, each in 1/7 of the unit.
    purchases = cdnow["x"].sum()
    assert fit.log_likelihood == pytest.approx(
        bg.log_likelihood - purchases * np.log(7), rel=1e-9
    )


def test_money_in_cents_changes_v_only(
    cdnow: dict[str, Floats], gamma_gamma: Fit
) -> None:
    repeaters = cdnow["x"] > 0
    cents = spendings(cdnow["x"][repeaters], 100 * cdnow["zbar"][repeaters])
    fit = maximum.fit(Spending(cents))
    assert fit.parameters == pytest.approx(
        gamma_gamma.parameters * [1, 1, 100], rel=1e-6
    )
    assert fit.log_likelihood == pytest.approx(
        gamma_gamma.log_likelihood - 946 * np.log(100), rel=1e-9
    )


def test_counts_say_as_much_as_one_row_per_customer(cdnow: dict[str, Floats]) -> None:
    columns = np.array([cdnow["x"], cdnow["t_x"], cdnow["T"]])
    distinct, counts = np.unique(columns, axis=1, return_counts=True)
    assert len(counts) < 2357
    shuffled = np.random.default_rng(1).permutation(len(counts))
    gathered = histories(*distinct[:, shuffled], counts[shuffled])
    rows = histories(*columns)
    assert gathered.customers == rows.customers == 2357
    assert gathered.repeaters == rows.repeaters == 946
    for name in ("x", "t_x", "T", "counts"):
        assert (getattr(gathered, name) == getattr(rows, name)).all()
    # Not gathered at all: each customer a row of its own.
    order = np.lexsort([columns[1], columns[2], columns[0]])
    alone = Histories(*columns[:, order], np.ones(2357))
    fits = [maximum.fit(Purchases(BG, one)) for one in (rows, alone)]
    assert fits[0].parameters == pytest.approx(fits[1].parameters, rel=1e-6)
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, rel=1e-12)


@MODELS
@pytest.mark.parametrize("case", [(0, 0, 9), (1, 4.5, 9), (3, 2, 30), (6, 30, 31)])
def test_likelihood_of_a_history_is_the_mean_over_rates_and_chances(
    model: Model, case: tuple[float, float, float]
) -> None:
    """Integrated over the two distributions, without any Gamma function of x."""
    x, t_x, T = case
    r, alpha, a, b = 0.7, 6.0, 0.9, 2.2
    k = x + model.first_chances

    def over_rates(until: float) -> float:
        return quad(
            lambda rate: (
                rate**x
                * np.exp(-rate * until)
                * alpha**r
                * rate ** (r - 1)
                * np.exp(-alpha * rate)
                / gamma(r)
            ),
            0,
            np.inf,
            epsabs=0,
        )[0]

    def over_chances(left: int, stayed: int) -> float:
        return quad(
            lambda p: p**left * (1 - p) ** stayed * p ** (a - 1) * (1 - p) ** (b - 1),
            0,
            1,
            epsabs=0,
        )[0] / beta(a, b)

    expected = over_rates(T) * over_chances(0, k)
    if k:
        expected += over_rates(t_x) * over_chances(1, k - 1)
    one = Purchases(model, histories([x], [t_x], [T]))
    mean, _ = one.mean_and_gradient(np.log(np.array([r, alpha, a, b]) / one.units))
    assert one.log_likelihood(mean) == pytest.approx(np.log(expected), rel=1e-7)


@pytest.mark.parametrize(("x", "m"), [(1, 12.0), (3, 40.0), (8, 3.5)])
def test_likelihood_of_a_mean_value_is_the_mean_over_levels(x: int, m: float) -> None:
    p, q, v = 2.3, 3.1, 20.0

    def density(level: float) -> float:
        rate, shape = level * x, p * x
        of_mean = rate**shape * m ** (shape - 1) * np.exp(-rate * m) / gamma(shape)
        return of_mean * v**q * level ** (q - 1) * np.exp(-v * level) / gamma(q)

    expected = quad(density, 0, np.inf, epsabs=0)[0]
    one = Spending(spendings([x], [m]))
    mean, _ = one.mean_and_gradient(np.log(np.array([p, q, v]) / one.units))
    assert one.log_likelihood(mean) == pytest.approx(np.log(expected), rel=1e-7)


@MODELS
def test_gradient_of_the_purchases_is_the_likelihoods_slope(
    weeks: Histories, model: Model
) -> None:
    likelihood = Purchases(model, weeks)
    for point in ([-1.4, 1.5, -0.2, 0.9], [0.7, -1.0, 1.5, -0.8]):
        assert_slope(likelihood, np.array(point))


def test_gradient_of_the_spending_is_the_likelihoods_slope(money: Spending) -> None:
    for point in ([1.8, 1.3, -0.8], [-0.5, 0.3, 1.2]):
        assert_slope(money, np.array(point))


def assert_slope(likelihood: Purchases | Spending, point: Floats) -> None:
    """Compare the gradient with differences of the value."""
    _, gradient = likelihood.mean_and_gradient(point)
    slopes = [
        (
            likelihood.mean_and_gradient(point + step)[0]
            - likelihood.mean_and_gradient(point - step)[0]
        )
        / 2e-5
        for step in 1e-5 * np.eye(len(point))
    ]
    assert gradient == pytest.approx(slopes, rel=1e-6, abs=1e-9)


def test_likelihood_stays_finite_for_huge_counts_and_ages() -> None:
    rows = histories([0, 100_000, 5_000_000], [0, 9.9e8, 1], [1e9, 1e9, 1e9])
    for model in (BG, MBG):
        likelihood = Purchases(model, rows)
        for point in product((-6.0, 6.0), repeat=4):
            value, gradient = likelihood.mean_and_gradient(np.array(point))
            assert np.isfinite(value) and np.isfinite(gradient).all()


@dataclass(frozen=True)
class Simulated:
    """Customers whose future is known too."""

    x: Floats
    t_x: Floats
    T: Floats
    is_alive: NDArray[np.bool_]
    future: Floats


def simulated(
    model: Model, customers: int, seed: int, horizon: float = 0.0
) -> Simulated:
    """Customers by the story of the model, purchase by purchase."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = TRUTH
    rate = random.gamma(r, 1 / alpha, customers)
    chance = random.beta(a, b, customers)
    T = random.uniform(30, 365, customers)
    x, t_x, future, now = np.zeros((4, customers))
    goes_on = np.ones(customers, bool)
    left_at = np.full(customers, np.inf)
    if model is MBG:
        goes_on = random.random(customers) >= chance
        left_at[~goes_on] = 0.0
    while goes_on.any():
        now[goes_on] += random.exponential(1 / rate[goes_on])
        goes_on &= now < T + horizon
        observed = goes_on & (now <= T)
        x[observed] += 1
        t_x[observed] = now[observed]
        future[goes_on & (now > T)] += 1
        leaves = goes_on & (random.random(customers) < chance)
        left_at[leaves] = now[leaves]
        goes_on &= ~leaves
    return Simulated(x, t_x, T, left_at > T, future)


@MODELS
def test_planted_parameters_are_found(model: Model) -> None:
    people = simulated(model, 20_000, seed=3)
    likelihood = Purchases(model, histories(people.x, people.t_x, people.T))
    fit = maximum.fit(likelihood)
    assert fit.is_converged
    # 99 % intervals of the logarithms, from the curvature at the maximum.
    errors = np.sqrt(np.diag(fit.inverse_curvature) / 20_000)
    assert (np.abs(np.log(fit.parameters / TRUTH)) < 2.576 * errors).all()
    assert (errors < 0.2).all()
    drawn = bootstrap.bootstrap(likelihood, fit, 60, seed=1)
    assert drawn.failed == 0 and drawn.parameters.shape == (60, 4)
    spread = np.log(drawn.parameters).std(axis=0)
    assert spread == pytest.approx(errors, rel=0.35)
    assert np.log(drawn.parameters).mean(axis=0) == pytest.approx(
        np.log(fit.parameters), abs=3 * errors.max() / np.sqrt(60)
    )


def mean_values(
    seed: int, truth: Floats, customers: int = 20_000
) -> tuple[Floats, Floats]:
    """Repeat purchases and their mean value by the story of Gamma-Gamma."""
    random = np.random.default_rng(seed)
    p, q, v = truth
    x = random.geometric(0.4, customers).astype(float)
    level = random.gamma(q, 1 / v, customers)
    return x, random.gamma(p * x, 1 / level) / x


def test_planted_spending_is_found() -> None:
    likelihood = Spending(spendings(*mean_values(5, SPENDING_TRUTH)))
    fit = maximum.fit(likelihood)
    assert fit.is_converged
    errors = np.sqrt(np.diag(fit.inverse_curvature) / 20_000)
    assert (np.abs(np.log(fit.parameters / SPENDING_TRUTH)) < 2.576 * errors).all()
    assert (errors < 0.1).all()
    drawn = bootstrap.bootstrap(likelihood, fit, 60, seed=1)
    assert drawn.failed == 0
    spread = np.log(drawn.parameters).std(axis=0)
    assert spread == pytest.approx(errors, rel=0.35)


@MODELS
def test_what_is_expected_comes_true(model: Model) -> None:
    """By kind of history: future purchases, and the share that is still alive."""
    people = simulated(model, 200_000, seed=11, horizon=180.0)
    expected = looked_up(model, people, TRUTH, 180.0)
    alive = alive_probability(model, TRUTH, people.x, people.t_x, people.T)
    # Customers who had been silent for little or much of their time.
    silent = (people.T - people.t_x) / people.T
    for number, recent in product((0, 1, 2, 3, 6), (True, False)):
        kind = (people.x >= number) if number > 2 else (people.x == number)
        if number:
            kind &= (silent < 0.4) == recent
        size = kind.sum()
        assert size > 1000
        for found, told in ((people.future, expected), (people.is_alive, alive)):
            error = (found[kind] - told[kind]).std() / np.sqrt(size)
            assert abs(found[kind].mean() - told[kind].mean()) <= 4 * error + 1e-12
    if model is MBG:
        assert alive[people.x == 0].max() < 0.9
    else:
        assert (alive[people.x == 0] == 1).all()


def looked_up(model: Model, people: Simulated, parameters: Floats, t: float) -> Floats:
    """The expectation of each of some people, in their order."""
    order = np.lexsort([people.t_x, people.T, people.x])
    rows = Histories(
        people.x[order], people.t_x[order], people.T[order], np.ones(len(order))
    )
    expected = np.empty(len(order))
    expected[order] = Forecast(model, rows).expected(parameters, t)
    return expected


def test_bg_nbd_expectations_are_those_of_the_published_formula() -> None:
    r, alpha, a, b = 0.24, 30.9, 0.79, 2.43
    grid = np.array(
        [case for case in product((0, 1, 4, 20), (0, 25, 90), (100, 400))]
    ).T.astype(float)
    grid[1] = np.where(grid[0] > 0, grid[1], 0)
    rows = histories(*grid)
    x, t_x, T = rows.x, rows.t_x, rows.T
    for t in (30.0, 365.0):
        z = t / (alpha + T + t)
        rest = ((alpha + T) / (alpha + T + t)) ** (r + x)
        function = hyp2f1(r + x, b + x, a + b + x - 1, z)
        odds = np.where(
            x > 0,
            a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x),
            0,
        )
        published = (a + b + x - 1) / (a - 1) * (1 - rest * function) / (1 + odds)
        expected = Forecast(BG, rows).expected(np.array([r, alpha, a, b]), t)
        assert expected == pytest.approx(published, rel=1e-9)


@MODELS
def test_each_history_is_forecast_as_if_it_were_alone(model: Model) -> None:
    """The work is shared between histories with the same x and T."""
    cases = [(x, min(x, 1) * t_x, 90) for x in (0, 1, 2, 7) for t_x in (5, 50)]
    cases += [(2, 5, 91), (8, 5, 90), (8, 6, 90)]
    rows = histories(*np.array(cases).T)
    together = Forecast(model, rows).expected(TRUTH, 60.0)
    alone = [
        Forecast(model, histories([x], [t_x], [T])).expected(TRUTH, 60.0)[0]
        for x, t_x, T in zip(rows.x, rows.t_x, rows.T, strict=True)
    ]
    assert together == pytest.approx(alone, rel=1e-12)
    assert len(set(np.round(alone, 12))) == len(rows.x)


@MODELS
@pytest.mark.parametrize("a", [0.02, 1 - 1e-9, 1.0, 1 + 1e-9, 5.0])
@pytest.mark.parametrize("b", [0.1, 3.0, 300.0])
def test_expectations_hold_where_the_published_form_breaks(
    model: Model, a: float, b: float
) -> None:
    """At a = 1, for long times after a young age, and for many purchases."""
    for (r, alpha), (x, T), t in product(
        ((0.05, 10.0), (3.0, 25.0)),
        ((0.0, 1.0), (3.0, 4.0), (300.0, 400.0), (5000.0, 6000.0)),
        (1.0, 365.0),
    ):
        one = histories([x], [0.9 * T if x else 0], [T])
        parameters = np.array([r, alpha, a, b])
        [expected] = Forecast(model, one).expected(parameters, t)
        [alive] = alive_probability(model, parameters, one.x, one.t_x, one.T)
        surely = (r + x) / (alpha + T) * t
        truth = (
            alive
            * surely
            * averaged(a, b + x + model.first_chances, r + x, t / (alpha + T))
        )
        assert 0 <= expected <= alive * surely
        assert expected == pytest.approx(truth, rel=1e-6)


def averaged(a: float, b: float, s: float, c: float) -> float:
    """Mean of (1 - (1 + p c)^-s) / (s p c) over p ~ Beta(a, b), adaptively."""

    def integrand(logit: float) -> float:
        p = expit(logit)
        density = -a * np.logaddexp(0, -logit) - b * np.logaddexp(0, logit)
        pc = max(p, 1e-300) * c
        of_p = -np.expm1(-s * np.log1p(pc)) / (s * pc)
        return np.exp(density - betaln(a, b)) * of_p

    middle = np.log(a / b)
    ends = np.linspace(middle - 35 / a - 5, middle + 60 / b + 10, 40)
    return sum(
        quad(integrand, low, high, epsabs=1e-13, epsrel=1e-10, limit=100)[0]
        for low, high in pairwise(ends)
    )


def test_the_quadrature_is_exact_for_the_moments_of_the_beta_distribution() -> None:
    for a, b in product((0.01, 0.8, 40.0), (0.3, 2.5, 1e6)):
        [points], [weights] = beta_rule(a, np.array([b]), POINTS)
        assert ((points > -1e-15) & (points < 1 + 1e-15)).all()
        for order in (0, 1, 2, 5, 2 * POINTS - 1):
            steps = np.arange(order)
            moment = np.prod((a + steps) / (a + b + steps))
            # Of a high order and a large b the moment is far below the last digit.
            assert weights @ points**order == pytest.approx(moment, 1e-9, 1e-14)


def test_bootstrap_repeats_itself_and_leaves_failures_out(
    money: Spending, gamma_gamma: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bootstrap.bootstrap(money, gamma_gamma, 9, seed=4)
    again = bootstrap.bootstrap(money, gamma_gamma, 9, seed=4)
    other = bootstrap.bootstrap(money, gamma_gamma, 9, seed=5)
    assert (first.parameters == again.parameters).all()
    assert not np.isclose(first.parameters, other.parameters).any()
    lower, upper = bootstrap.interval(np.arange(303.0).reshape(101, 3))
    assert lower.tolist() == [15, 16, 17] and upper.tolist() == [285, 286, 287]

    calls = iter(range(9))
    monkeypatch.setattr(
        bootstrap,
        "refit",
        lambda *_: None if next(calls) % 3 == 0 else gamma_gamma.parameters,
    )
    some = bootstrap.bootstrap(money, gamma_gamma, 9, seed=4)
    assert some.failed == 3 and some.parameters.shape == (6, 3)


def test_a_bootstrap_sample_is_fitted_as_if_it_were_all_there_is(
    weeks: Histories, bg: Fit
) -> None:
    counts = np.random.default_rng(8).poisson(weeks.counts).astype(float)
    near = maximum.refit(Purchases(BG, weeks).resampled(counts), bg)
    kept = counts > 0
    alone = histories(weeks.x[kept], weeks.t_x[kept], weeks.T[kept], counts[kept])
    assert near == pytest.approx(maximum.fit(Purchases(BG, alone)).parameters, rel=1e-4)


HOPELESS = {
    "nobody": ([], [], []),
    "one customer": ([3], [40], [100]),
    "all alike": ([2] * 50, [20] * 50, [100] * 50),
    "no repeat": ([0, 0, 0], [0, 0, 0], [5, 60, 700]),
    "two customers": ([3, 0], [40, 0], [100, 100]),
    "once each, never again": ([1] * 90, range(1, 91), [100] * 90),
    "every day": ([99] * 90, [99] * 90, [100, 101] * 45),
    "to the last day": (range(1, 100), [100] * 99, [100] * 99),
    "a million purchases": ([1e6, 2e6, 1e3, 0], [9, 10, 5, 0], [10, 10, 10, 10]),
}


@MODELS
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", HOPELESS)
def test_hopeless_histories_have_a_reason_and_no_numbers(
    model: Model, case: str
) -> None:
    x, t_x, T = (list(column) for column in HOPELESS[case])
    assert_no_fit(maximum.fit(Purchases(model, histories(x, t_x, T))))


@MODELS
@pytest.mark.filterwarnings("error")
def test_customers_who_never_leave_or_all_buy_alike_have_no_fit(model: Model) -> None:
    random = np.random.default_rng(2)
    T = random.uniform(50, 365, 2000)
    for rate in (random.gamma(1.0, 1 / 30, 2000), np.full(2000, 0.05)):
        x = random.poisson(rate * T).astype(float)
        # The last of x times that are even over the age.
        t_x = np.where(x > 0, T * random.random(2000) ** (1 / np.maximum(x, 1)), 0)
        fit = maximum.fit(Purchases(model, histories(x, t_x, T)))
        assert_no_fit(fit)
        assert fit.is_converged is False


def assert_no_fit(fit: Fit) -> None:
    """Nothing but a sentence."""
    assert fit.parameters is None and fit.log_likelihood is None
    assert not fit.is_converged
    assert fit.reason and len(fit.reason) < 150 and "\n" not in fit.reason


HOPELESS_SPENDING = {
    "nobody": ([], []),
    "one customer": ([2], [5]),
    "the same mean": ([1, 2, 3] * 50, [20] * 150),
    "two means": ([1, 2, 3, 4] * 50, [10, 10, 20, 20] * 50),
    "one purchase each": ([1] * 200, [1.1**n for n in range(200)]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", HOPELESS_SPENDING)
def test_hopeless_values_have_a_reason_and_no_numbers(case: str) -> None:
    assert_no_fit(maximum.fit(Spending(spendings(*HOPELESS_SPENDING[case]))))


@pytest.mark.filterwarnings("error")
def test_customers_with_one_level_of_value_have_no_fit() -> None:
    # Means of more purchases are closer to 3, by more than chance makes them.
    x = np.arange(1.0, 301) % 5 + 1
    m = 3 + np.where(np.arange(300) % 2, 1, -1) / x
    fit = maximum.fit(Spending(spendings(x, m)))
    assert_no_fit(fit)
    assert fit.is_converged is False
    assert fit.reason == (
        "the likelihood has no maximum: it keeps rising as q grows and v grows"
    )


def test_values_without_a_mean_have_parameters_nobody_can_use() -> None:
    fit = maximum.fit(Spending(spendings(*mean_values(9, np.array([6.0, 0.7, 60])))))
    assert fit.is_converged and fit.parameters is None
    assert fit.reason.startswith("q is 0.")
    assert mean_value(np.array([6.0, 0.7, 60.0])) == float("inf")


def test_a_search_that_stops_nearby_is_brought_to_the_maximum(
    weeks: Histories, bg: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maximum, "_climbed", lambda *_: (0.0, bg.point + 0.01))
    fit = maximum.fit(Purchases(BG, weeks))
    assert fit.is_converged
    assert fit.parameters == pytest.approx(bg.parameters, rel=1e-7)


def test_a_search_that_stops_early_is_not_believed(
    weeks: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maximum, "GRADIENT", 0.0)
    fit = maximum.fit(Purchases(BG, weeks))
    assert_no_fit(fit)
    assert fit.is_converged is False and "stopped early" in fit.reason
