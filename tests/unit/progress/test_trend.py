"""When a measure is said to move, and by how much."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from services.progress.domain import trend as model
from services.progress.domain.mixture import interval
from services.progress.domain.trend import Trend, trend
from tests.bench.statistics_trend import series, simulate

WEEKS_12 = [float(day) for day in range(0, 85, 2)]


def falling(start: float, by: float) -> list[float]:
    """Steady but for a swing of half a point that has nothing to do with time."""
    swing = [0.5, -0.5, -0.5, 0.5]
    return [start - by * day / 84 + swing[n % 4] for n, day in enumerate(WEEKS_12)]


def test_a_clear_fall_is_improving_and_a_clear_rise_worsening() -> None:
    assert "improving" == trend(WEEKS_12, falling(7, 4)).verdict
    assert "worsening" == trend(WEEKS_12, falling(3, -4)).verdict


def test_where_more_is_better_a_fall_is_worsening() -> None:
    assert "worsening" == trend(WEEKS_12, falling(7, 4), more_is_better=True).verdict


def test_change_slope_and_interval_speak_of_the_same_line() -> None:
    found = trend(WEEKS_12, falling(7, 4))

    assert found.change is not None
    assert found.slope_per_week == pytest.approx(found.change / 12)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.change < found.high < 0
    assert -4 == pytest.approx(found.change, abs=0.5)


@pytest.mark.parametrize("value", [0.0, 3.0, 10.0])
def test_reports_that_never_differ_are_no_trend(value: float) -> None:
    found = trend(WEEKS_12, [value] * len(WEEKS_12))

    assert ("unclear", False) == (found.verdict, found.meaningful)


@pytest.mark.parametrize(
    ("days", "verdict"),
    [
        ([*range(0, 28, 2)], "too early"),  # 14 reports over 26 days
        ([*range(0, 24, 2), 27], "too early"),
        ([*range(0, 24, 2), 28], "unclear"),
        ([*range(0, 27, 3), 28, 40], "too early"),  # 11 reports
        ([*range(0, 27, 3), 28, 30, 40], "unclear"),
    ],
)
def test_no_verdict_below_twelve_reports_over_four_weeks(days: list[int], verdict: str) -> None:
    found = trend(days, [float(4 + day % 3) for day in days])

    assert (len(days), verdict) == (found.n, found.verdict)
    assert (verdict == "too early") == (found.change is None)


def test_reports_of_one_day_count_once_as_their_mean() -> None:
    days, values = WEEKS_12, falling(6, 3)
    twice = [day + hour / 24 for day in days for hour in (8, 20)]
    apart = [value + more for value in values for more in (-1.0, 1.0)]

    once, both = trend(days, values), trend(twice, apart)

    assert once.n == both.n
    assert (once.low, once.high) == pytest.approx((both.low, both.high))


def test_nothing_reported_is_too_early() -> None:
    assert Trend(0, "too early", meaningful=False) == trend([], [])


def test_the_order_of_reports_does_not_matter() -> None:
    values = falling(6, 3)

    assert trend(WEEKS_12, values) == trend(WEEKS_12[::-1], values[::-1])


@pytest.mark.parametrize(
    ("start", "by", "impression", "meaningful"),
    [
        (7.0, 4.0, 2, True),
        (7.0, 4.0, None, False),
        (7.0, 4.0, 4, False),
        (7.0, 4.0, 6, False),
        (8.5, 1.5, 2, False),  # a sixth, and less than two points
        (5.0, 1.3, 2, False),  # above 30 % of where it ends, not of where it began
        (3.5, 1.5, 3, True),  # less than two points, but above 30 %
        (4.0, -4.0, 6, True),
        (4.0, -4.0, 3, False),
    ],
)
def test_a_change_is_meaningful_when_it_is_large_and_the_client_says_so(
    start: float, by: float, impression: int | None, meaningful: bool
) -> None:
    found = trend(WEEKS_12, falling(start, by), impression=impression)

    assert found.verdict in {"improving", "worsening"}
    assert meaningful == found.meaningful


@pytest.mark.parametrize(
    ("days", "values", "impression"),
    [
        ([1.0], [1.0, 2.0], None),
        ([float("nan")], [1.0], None),
        ([1.0], [float("nan")], None),
        ([1.0], [10.5], None),
        ([1.0], [-1.0], None),
        ([1.0], [5.0], 0),
        ([1.0], [5.0], 8),
    ],
)
def test_what_no_scale_has_is_refused(
    days: list[float], values: list[float], impression: int | None
) -> None:
    with pytest.raises(ValueError, match=r"must be|impression"):
        trend(days, values, impression=impression)


def test_the_interval_is_that_of_the_model_solved_the_long_way() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    days = np.sort(rng.choice(84, 30, replace=False)).astype(float)
    values = series(rng, 30, 0.5, 1.0)[1]

    found = trend(days.tolist(), values.tolist())

    assert (found.low, found.high) == pytest.approx(the_long_way(days, values), abs=0.01)


def the_long_way(days: np.ndarray, values: np.ndarray) -> tuple[float, ...]:
    """The same posterior by whole matrices and scipy's t: quantiles of change over the window."""
    x = (days - (days[0] + days[-1]) / 2) / (days[-1] - days[0])
    design = np.stack([np.ones_like(x), x], axis=1)
    prior = np.diag([model.LEVEL_SPREAD**2, model.CHANGE_SPREAD**2])
    y = values - model.USUAL_LEVEL
    known, guess = model.NOISE_REPORTS, model.USUAL_NOISE**2
    logs, curves = [], []
    for memory in model.MEMORY:
        apart = np.abs(days[:, None] - days) / np.median(np.diff(days))
        noise = memory**apart
        marginal = noise + design @ prior @ design.T
        logs.append(scipy.stats.multivariate_t.logpdf(y, shape=guess * marginal, df=known))
        gain = prior @ design.T @ np.linalg.inv(marginal)
        squares = known * guess + y @ np.linalg.inv(marginal) @ y
        spread = (prior - gain @ design @ prior)[1, 1] * squares / (known + y.size)
        curves.append(scipy.stats.t(known + y.size, (gain @ y)[1], spread**0.5))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()

    def below(point: float) -> float:
        return float(sum(w * curve.cdf(point) for w, curve in zip(weights, curves, strict=True)))

    return tuple(
        scipy.optimize.brentq(lambda point, share=share: below(point) - share, -50, 50)
        for share in (0.025, 0.975)
    )


@pytest.mark.parametrize("degrees", [15.0, 100.0, None])
def test_one_curve_has_its_own_quantiles(degrees: float | None) -> None:
    curve = scipy.stats.norm(2, 3) if degrees is None else scipy.stats.t(degrees, 2, 3)

    found = interval(np.ones(1), np.array([2.0]), np.array([3.0]), degrees)

    assert tuple(curve.ppf([0.025, 0.975])) == pytest.approx(found, abs=0.01)


@pytest.mark.parametrize("reports", [12, 36])
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_trends_are_seldom_declared_where_there_is_none(reports: int, memory: float) -> None:
    found = simulate(reports, memory, 0.0, runs=100, seed=11)

    assert found.ours <= 0.08
    assert found.covered >= 0.92


def test_a_true_fall_is_found_and_covered() -> None:
    found = simulate(36, 0.0, 2.0, runs=100, seed=12)

    assert found.ours >= 0.40
    assert found.covered >= 0.92


def test_three_years_of_reports_are_judged() -> None:
    days = [float(day) for day in range(1_095)]

    found = trend(days, [float(5 + day % 2) for day in range(1_095)])

    assert (1_095, "unclear") == (found.n, found.verdict)
