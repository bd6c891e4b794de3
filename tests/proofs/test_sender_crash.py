"""A sender that dies at any point: nothing that was due stays without a state, nothing is doubled.

A child process sends two messages and ends without a word at its n-th suspension, for every n until
it gets through (in the suite for every fifth). Whatever it did to the database and the mail server
by then is done; then another sender takes over.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine, Generator
from typing import Any

import pytest

from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.test_sending import DUE_24H
from tests.proofs.scale import cases
from tests.unit.notify.builders import NOW, START, a_contact, a_fact, a_sign_in

DIED, ENDED, FAILED = 17, 0, 1

STRIDE = 1 if cases(100) == 100 else 5

MOST_SUSPENSIONS = 200
"""A bound for the loop: sending two messages takes far fewer."""

REMINDER, CODE = "reminder-24h", "sign-in-code"

FATES = {
    (CODE, "sent", ("accepted",)),
    (CODE, "sent", ("unknown", "accepted")),
    (REMINDER, "sent", ("accepted",)),
    (REMINDER, "sent", ("unknown", "accepted")),
}


class Office:
    """A mail server in a thread of its own: the sender's process comes and goes."""

    def __enter__(self) -> PostOffice:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._office = PostOffice()
        self._run(self._office.__aenter__())
        return self._office

    def __exit__(self, *_: object) -> None:
        self._run(self._office.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)


class Suspensions:
    """Counts the suspensions of all tasks of a loop, and ends the process at the n-th."""

    def __init__(self, last: int) -> None:
        self._left = last

    def task(self, loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        return asyncio.Task(self._stepped(work), loop=loop, **more)

    async def _stepped(self, work: Coroutine[Any, Any, Any]) -> Any:
        return await _Steps(work, self._step)

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(DIED)


class _Steps:
    def __init__(self, work: Coroutine[Any, Any, Any], step: Any) -> None:
        self._work = work
        self._step = step

    def __await__(self) -> Generator[Any, Any, Any]:
        thrown: BaseException | None = None
        answer: Any = None
        while True:
            try:
                waits_for = self._work.send(answer) if thrown is None else self._work.throw(thrown)
            except StopIteration as end:
                return end.value
            self._step()
            thrown = None
            try:
                answer = yield waits_for
            except BaseException as fault:  # noqa: BLE001 - handed to the work, which decides
                thrown = fault


async def _with_notify(url: str, office: PostOffice, work: Any) -> Any:
    async with Database(url, "notify").opened() as db:
        notify = Notify(db, [office], now=DUE_24H)
        return await work(notify)


async def _make_due(notify: Notify) -> None:
    async with notify.db.transaction() as tx:
        await tx.execute("delete from attempts")
        await tx.execute("delete from deliveries")
        await tx.execute("delete from contacts")
        await tx.execute("delete from bookings")
        await tx.execute("delete from outbox")
    notify.now = NOW
    await notify.hear(a_contact(sign_in=a_sign_in(START)), a_fact())
    async with notify.db.transaction() as tx:
        await tx.execute("delete from deliveries where template not in ($1, $2)", REMINDER, CODE)
        # Both are due at the same moment.
        await tx.execute("update deliveries set next_at = $1, due_at = $1", DUE_24H)


def _send_in_a_child(url: str, office: PostOffice, last: int) -> int:
    """Send what is due in a process of its own that dies at its `last` suspension."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    try:
        asyncio.run(_send_and_die(url, office, last))
    except BaseException:  # noqa: BLE001 - the child must never go on as a second test run
        os._exit(FAILED)
    os._exit(ENDED)


async def _send_and_die(url: str, office: PostOffice, last: int) -> None:
    async def send(notify: Notify) -> None:
        asyncio.get_running_loop().set_task_factory(Suspensions(last).task)
        # The loop's task of this function began before: what it does is counted in one of its own.
        await asyncio.create_task(notify.lane.send_due())
        os._exit(ENDED)

    await _with_notify(url, office, send)


async def _take_over(notify: Notify) -> dict[str, Any]:
    """Let the leases of the dead run out, and send as another process does."""
    async with notify.db.transaction() as tx:
        await tx.execute(
            "update deliveries set leased_until = clock_timestamp() where state = 'sending'"
        )
    await notify.sender.recover()
    await notify.send()
    rows = await notify.rows(
        "select d.template, d.state, count(a) as tries,"
        " count(a) filter (where a.outcome is null) as open,"
        " array_agg(a.outcome order by a.number) as outcomes"
        " from deliveries d left join attempts a on a.delivery_id = d.id group by d.id"
    )
    return {row["template"]: row for row in rows}


@pytest.mark.timeout(120)
def test_a_sender_killed_at_any_suspension_leaves_nothing_undone_and_doubles_nothing(
    database: MigratedDatabase,
) -> None:
    url = database.url("notify")
    fates: set[tuple[str, str, tuple[str, ...]]] = set()
    with Office() as office:
        for last in range(1, MOST_SUSPENSIONS, STRIDE):
            office.mails.clear()
            asyncio.run(_with_notify(url, office, _make_due))
            ended = _send_in_a_child(url, office, last)
            assert ended in {DIED, ENDED}
            found = asyncio.run(_with_notify(url, office, _take_over))

            received = [mail["X-Limber-Template"] for mail in office.mails]
            ids = {mail["Message-ID"] for mail in office.mails}
            for name, row in found.items():
                fates.add((name, row["state"], tuple(row["outcomes"])))
                # Twice only where a first end was never seen, and then as the same message.
                again = "unknown" in row["outcomes"]
                assert received.count(name) <= (2 if again else 1), (last, row)
                assert "sent" == row["state"], (last, row)
                assert name in received, (last, row)
                assert 0 == row["open"], (last, row)
            assert {REMINDER, CODE} == set(found)
            assert len(ids) == len(set(received))
            if ended == ENDED:
                break
        else:
            raise AssertionError("sending never ended")
    assert fates <= FATES
    if STRIDE == 1:
        assert fates == FATES


async def test_a_sender_cancelled_at_any_suspension_leaves_nothing_undone(
    notify_db: Database,
) -> None:
    async with PostOffice() as office:
        notify = Notify(notify_db, [office], now=DUE_24H)
        for last in range(1, MOST_SUSPENSIONS, STRIDE):
            office.mails.clear()
            await _make_due(notify)
            notify.now = DUE_24H
            notify.sender = notify.another_sender([office])
            done = await asyncio.ensure_future(_cancelled_at(notify.lane.send_due(), last))
            await asyncio.gather(*notify.lane._ending, return_exceptions=True)

            notify.sender = notify.another_sender([office])
            found = await _take_over(notify)

            received = [mail["X-Limber-Template"] for mail in office.mails]
            assert {REMINDER, CODE} == set(found)
            for name, row in found.items():
                assert (name, row["state"], tuple(row["outcomes"])) in FATES, (last, row)
                assert 0 == row["open"], (last, row)
                assert received.count(name) <= len(row["outcomes"]), (last, row)
            if done:
                return
        raise AssertionError("sending never ended")


async def _cancelled_at(work: Coroutine[Any, Any, Any], last: int) -> bool:
    """Run something, with a cancellation thrown in at its n-th suspension; whether it ended."""
    left = last

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0 and (task := asyncio.current_task()) is not None:
            task.cancel()

    try:
        await _Steps(work, step)
    except asyncio.CancelledError:
        return False
    return left > 0
