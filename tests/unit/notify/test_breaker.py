"""Circuit breakers and rates: when a provider is left alone, tried again, and waited for."""

import asyncio
from datetime import timedelta

import pytest

from services.notify.channels.providers import OPEN_LONGEST_S, SHARE_KEPT_S, TRIAL_S, Breaker, Rate
from services.notify.domain.outcome import Result


class Watch:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> Breaker:
    return Breaker("post:25", watch)


@pytest.mark.parametrize("result", ["unreachable", "busy"])
def test_who_takes_nothing_is_left_alone_at_once(breaker: Breaker, result: Result) -> None:
    breaker.note(result)

    assert ("open", False) == (breaker.state, breaker.let_through())


def test_a_link_may_break_twice_but_not_three_times(breaker: Breaker) -> None:
    for _ in range(2):
        breaker.note("lost")
    before = breaker.state
    breaker.note("unknown")

    assert ("closed", "open") == (before, breaker.state)


@pytest.mark.parametrize("result", ["accepted", "deferred", "refused", "bounced"])
def test_an_answer_of_any_kind_forgets_earlier_breaks(breaker: Breaker, result: Result) -> None:
    ends: list[Result] = ["lost", "lost", result, "lost", "lost"]
    for end in ends:
        breaker.note(end)

    assert "closed" == breaker.state


def test_after_a_rest_one_message_tries_it(breaker: Breaker, watch: Watch) -> None:
    breaker.note("unreachable")
    watch.now += breaker.rest_s()

    assert "half-open" == breaker.state
    assert [True, False] == [breaker.let_through() for _ in range(2)]

    breaker.note("accepted")
    assert ("closed", True) == (breaker.state, breaker.let_through())


def test_a_trial_that_was_never_heard_of_again_is_followed_by_another(
    breaker: Breaker, watch: Watch
) -> None:
    breaker.note("unreachable")
    watch.now += breaker.rest_s()
    assert breaker.let_through()
    watch.now += TRIAL_S

    assert breaker.let_through()


def test_each_failed_trial_doubles_the_rest_up_to_a_bound(breaker: Breaker, watch: Watch) -> None:
    rests = []
    for _ in range(8):
        breaker.note("unreachable")
        rests.append(breaker.rest_s())
        watch.now += breaker.rest_s()
        assert breaker.let_through()

    assert [1, 2, 4, 8, 16, OPEN_LONGEST_S, OPEN_LONGEST_S, OPEN_LONGEST_S] == rests


def test_failures_of_sends_under_way_do_not_lengthen_the_rest(breaker: Breaker) -> None:
    breaker.note("unreachable")
    rest = breaker.rest_s()
    breaker.note("unreachable")

    assert rest == breaker.rest_s()


async def test_a_process_takes_its_share_and_asks_again_when_it_is_used(watch: Watch) -> None:
    asked: list[timedelta] = []

    async def take(_: str, length: timedelta) -> timedelta:
        asked.append(length)
        return timedelta(0) if len(asked) < 3 else timedelta(seconds=5)

    rate = Rate("post:25", 8.0, take, watch)
    waits = [await rate.take() for _ in range(6)]

    # Two a quarter of a second: three questions, and nobody asks again while the answer stands.
    assert ([0.0, 0.0, 0.0, 0.0, 5.0, 5.0], 3) == (waits, len(asked))
    assert {timedelta(milliseconds=250)} == set(asked)


async def test_an_unused_share_is_forgone(watch: Watch) -> None:
    asked: list[timedelta] = []

    async def take(_: str, length: timedelta) -> timedelta:
        asked.append(length)
        return timedelta(0)

    rate = Rate("post:25", 40.0, take, watch)
    await rate.take()
    watch.now += 2 * SHARE_KEPT_S
    await asyncio.gather(*(rate.take() for _ in range(10)))

    assert 2 == len(asked)


async def test_without_a_rate_nobody_is_asked(watch: Watch) -> None:
    async def take(_: str, __: timedelta) -> timedelta:
        raise AssertionError

    assert 0.0 == await Rate("post:25", None, take, watch).take()
