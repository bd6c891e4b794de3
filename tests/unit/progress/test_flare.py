"""When a flare begins, and when it is over."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.progress.domain.flare import (
    Flare,
    Report,
    days_running,
    declare,
    end,
    hear,
    hours_at_least,
    look,
)
from tests.bench.statistics_flare import simulate

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
USUAL = [3, 4, 5, 4] * 7
"""Four weeks with a median of 4."""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def daily(pains: Iterable[float], first: int = 0) -> list[Report]:
    return [Report(day(first + number), pain) for number, pain in enumerate(pains)]


def follow(reports: list[Report]) -> tuple[Flare, ...]:
    """Reports as they come in, one after the other."""
    flares: tuple[Flare, ...] = ()
    for count in range(1, len(reports) + 1):
        flares = hear(flares, reports[:count], at=reports[count - 1].at)
    return flares


def test_usual_days_are_no_flare() -> None:
    assert () == follow(daily(USUAL))


def test_a_lasting_rise_is_suspected_to_be_a_flare() -> None:
    (flare,) = follow(daily([*USUAL, 7, 7, 7, 7]))

    assert ("suspected", 4.0, None) == (flare.status, flare.usual, flare.until)
    assert day(28) <= flare.since <= day(30)


def test_one_high_report_only_asks_the_client() -> None:
    reports = daily([*USUAL, 7])

    assert ("ask", 4.0) == (look(reports, (), at=day(28)).sign, look(reports, (), at=day(28)).usual)
    assert () == hear((), reports, at=day(28))


@pytest.mark.parametrize(("pain", "sign"), [(6.9, "quiet"), (7, "ask")])
def test_a_report_three_above_the_median_asks(pain: float, sign: str) -> None:
    assert sign == look(daily([*USUAL, pain]), (), at=day(28)).sign


def test_yesterdays_high_report_asks_no_more() -> None:
    assert "quiet" == look(daily([*USUAL, 7, 4]), (), at=day(29)).sign


def test_an_improvement_is_no_alarm() -> None:
    assert () == follow(daily([*USUAL, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize(("reported", "sign"), [(7, "too early"), (8, "alarm")])
def test_a_baseline_needs_eight_days(reported: int, sign: str) -> None:
    known = daily([4] * reported, first=21 - reported)
    risen = daily([8] * 7, first=21)

    found = look([*known, *risen], (), at=day(27))

    assert (sign, reported) == (found.sign, found.days)


def test_two_reports_of_one_day_count_as_one_day() -> None:
    known = [Report(day(number + hour / 24), 4) for number in range(7) for hour in (0, 8)]

    assert ("too early", 7) == (
        look(known, (), at=day(13)).sign,
        look(known, (), at=day(13)).days,
    )


def test_after_a_gap_a_report_counts_for_the_silent_days_too() -> None:
    every_day = look(daily([*USUAL, 7]), (), at=day(28))
    after_a_gap = look(daily(USUAL[:25]) + daily([7], first=28), (), at=day(28))

    assert every_day.average is not None
    assert after_a_gap.average is not None
    assert ("ask", "alarm") == (every_day.sign, after_a_gap.sign)
    assert every_day.average < after_a_gap.average


def test_reports_after_the_look_do_not_count() -> None:
    reports = daily([*USUAL, 4, 9, 9, 9])

    assert look(reports[:29], (), at=day(28)) == look(reports, (), at=day(28))


def test_a_clients_word_makes_a_flare_at_once() -> None:
    assert (Flare("declared", day(28), 4.0),) == declare((), daily(USUAL), at=day(28))
    assert (Flare("declared", day(1), None),) == declare((), [], at=day(1))


def test_a_clients_word_confirms_a_suspicion_from_its_first_day() -> None:
    suspected = (Flare("suspected", day(20), 4.0),)

    assert (Flare("declared", day(20), 4.0),) == declare(suspected, [], at=day(22))


def test_a_running_flare_is_not_begun_again() -> None:
    flares = (Flare("suspected", day(28), 4.0),)
    reports = daily([*USUAL, 8, 8, 8, 8])

    assert flares == hear(flares, reports, at=day(31))


@pytest.mark.parametrize(
    ("newest", "settled"),
    [([5, 5], True), ([5, 6], False), ([6, 5], False), ([8, 5], False), ([3, 4], True)],
)
def test_two_settled_days_in_a_row_end_a_flare(newest: list[float], settled: bool) -> None:
    flares = (Flare("declared", day(28), 4.0),)

    (flare,) = hear(flares, daily([*USUAL, 8, 8, *newest]), at=day(31))

    assert (settled, "settled" if settled else None) == (not flare.running, flare.ending)
    assert (day(31) if settled else None) == flare.until


def test_two_reports_of_one_good_day_do_not_end_a_flare() -> None:
    flares = (Flare("declared", day(28), 4.0),)
    good = [Report(day(29.1), 4), Report(day(29.3), 4)]

    assert flares == hear(flares, [*daily([*USUAL, 8]), *good], at=day(29.3))


@pytest.mark.parametrize(("newest", "settled"), [([6, 6], True), ([6, 7], False)])
def test_where_nothing_is_usual_two_points_below_the_worst_is_settled(
    newest: list[float], settled: bool
) -> None:
    flares = (Flare("declared", day(0), None),)

    (flare,) = hear(flares, daily([7, 8, *newest]), at=day(3))

    assert settled == (not flare.running)


def test_days_before_the_flare_do_not_settle_it() -> None:
    flares = (Flare("declared", day(28.1), 4.0),)

    assert flares == hear(flares, [*daily(USUAL), Report(day(28.2), 4)], at=day(28.2))


def test_a_client_ends_a_flare_or_denies_it() -> None:
    flares = (Flare("resolved", day(1), 4.0, day(3), "settled"), Flare("suspected", day(8), 4.0))

    assert Flare("resolved", day(8), 4.0, day(9), "denied") == end(flares, "denied", at=day(9))[-1]
    assert Flare("resolved", day(8), 4.0, day(9), "over") == end(flares, "over", at=day(9))[-1]
    assert flares[:1] == end(flares[:1], "over", at=day(9))
    assert () == end((), "over", at=day(9))


def test_a_denied_flare_is_not_suspected_again_by_the_same_days() -> None:
    reports = daily([*USUAL, 7, 7, 7])
    flares = end(follow(reports), "denied", at=day(30))

    assert flares == hear(flares, reports, at=day(30))
    assert flares == hear(flares, [*reports, Report(day(31), 4)], at=day(31))


def test_days_of_a_flare_are_not_usual_days() -> None:
    reports = daily([4] * 20 + [8] * 8 + [4] * 12)
    past = Flare("resolved", day(20), 4.0, day(28), "settled")

    with_it, without = look(reports, (past,), at=day(39)), look(reports, (), at=day(39))

    assert with_it.days < without.days
    assert with_it.limit is not None
    assert without.limit is not None
    assert with_it.limit < without.limit


def test_days_of_a_denied_flare_are_usual_days() -> None:
    reports = daily([4] * 20 + [8] * 8 + [4] * 12)
    denied = Flare("resolved", day(20), 4.0, day(28), "denied")

    assert look(reports, (), at=day(39)) == look(reports, (denied,), at=day(39))


def test_the_clients_own_date_makes_the_day() -> None:
    toronto = timezone(timedelta(hours=-5))
    evening = [Report(datetime(2026, 3, 2 + n, 21, tzinfo=toronto), 4) for n in range(8)]
    morning = [Report(datetime(2026, 3, 2 + n, 6, tzinfo=toronto), 4) for n in range(8)]

    found = look([*evening, *morning], (), at=datetime(2026, 3, 20, 9, tzinfo=toronto))

    assert 8 == found.days


def test_whole_days_of_a_flare_are_counted_to_its_end() -> None:
    running = Flare("declared", day(0), 4.0)
    ended = Flare("resolved", day(0), 4.0, day(3), "over")

    assert (8, 9, 3) == (
        days_running(running, at=day(8.99)),
        days_running(running, at=day(9)),
        days_running(ended, at=day(20)),
    )


@pytest.mark.parametrize(
    ("pains", "hours"),
    [([8, 8, 9, 8], 72), ([9, 7, 8, 8], 24), ([8, 8, 8, 7], 0), ([8], 0), ([], 0)],
)
def test_severe_pain_is_counted_as_long_as_every_report_is(
    pains: list[float], hours: float
) -> None:
    reports = daily(pains)

    assert hours == hours_at_least(8, reports[::-1], at=day(10))


def test_flares_are_found_and_quiet_clients_left_alone() -> None:
    found = simulate(clients=60, seed=5)

    assert found.false <= 0.40
    assert found.share >= 0.72
    assert found.delay <= 3
