"""Entries for clients' logs: written once, decided on, and what follows is published."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from services.progress.domain import decide
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome
from services.progress.domain.passing import next_due
from services.progress.domain.rules import Rules
from services.progress.store import clients
from services.progress.store.bookings import save_bookings
from services.progress.store.changes import Changes, Lift, Line, write
from services.progress.store.histories import History, Look, load_histories
from services.progress.store.stored import stored_client, stored_hold, stored_report
from shared import outbox
from shared.contracts.booking import BookingFact
from shared.contracts.event import Envelope, Event
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted, Submission
from shared.postgres import Transaction


@dataclass(frozen=True)
class Heard:
    """An entry for a client's log. `at` is when it happened, `about` names it among the others;
    what follows is told as of `told_at`, and `traceparent` is the span it follows from."""

    client_id: UUID
    entry: Event
    at: datetime
    about: str
    told_at: datetime
    traceparent: str | None = None


Applied = tuple[Heard, Outcome]
"""An entry and what was decided on it."""


async def record_batch(
    tx: Transaction, envelopes: Sequence[Envelope[Submission | BookingFact]], rules: Rules
) -> None:
    """Decide on what somebody submitted and on bookings; what is known already changes nothing."""
    heard = [_heard(envelope) for envelope in envelopes]
    locked = await clients.lock_clients(tx, {one.client_id for one in heard})
    # Who was erased while this batch waited for their row is not among them.
    known = [one for one in heard if one.client_id in locked]
    await tell(tx, await apply(tx, locked, known, rules))


def own_entry(client: Client, entry: Event, at: datetime, *, told_at: datetime) -> Heard:
    """An entry that no topic brought; the client is locked, and it is the next one."""
    return Heard(client.id, entry, at, f"{entry.type} {client.version + 1}", told_at)


async def tell(tx: Transaction, applied: Sequence[Applied]) -> None:
    """Publish what follows; of a client's views the last one, which replaces those before it."""
    shown = {heard.client_id: outcome for heard, outcome in applied if outcome.shows}
    await outbox.add_caused(
        tx,
        (
            (event, heard.told_at, heard.traceparent)
            for heard, outcome in applied
            for event in (
                outcome.events if shown.get(heard.client_id) is outcome else outcome.facts
            )
        ),
    )


async def apply(
    tx: Transaction,
    locked: Mapping[UUID, Client],
    heard: Sequence[Heard],
    rules: Rules,
    *,
    logged: bool = False,
) -> list[Applied]:
    """Write entries into the logs of locked clients, decide on each, and store what it changes.

    A client's entries are decided on in their order, each on what the one before has left. A
    submission or a state of a booking that is known is left out. `logged`: the entries are in the
    log, and each counts.
    """
    queues: defaultdict[UUID, deque[Heard]] = defaultdict(deque)
    for one in heard:
        queues[one.client_id].append(one)
    works = [_Work(locked[client_id], queue, logged) for client_id, queue in queues.items()]
    applied: list[Applied] = []
    while left := [work for work in works if work.waiting]:
        ready = await _with_bookings_saved(tx, left, logged=logged)
        if not ready:
            continue
        histories = await load_histories(tx, [work.look() for work in ready], rules)
        changes = Changes()
        for work in ready:
            applied += work.decide(histories[work.client.id], rules, changes)
        await write(tx, changes)
    return applied


@dataclass
class _Work:
    """One client's entries, decided on in order as far as what was loaded reaches."""

    client: Client
    waiting: deque[Heard]
    logged: bool

    def look(self) -> Look:
        """What the next decisions look at."""
        run = self._run()
        as_of = _as_of(self.client, run[0].at)
        return Look(
            client_id=self.client.id,
            about=() if self.logged else tuple(one.about for one in run if _counts_once(one)),
            since=min(map(_speaks_of, run)),
            holds=tuple(
                one.entry.hold_id for one in run if isinstance(one.entry, HoldLiftSubmitted)
            ),
            as_of=as_of,
        )

    def decide(self, history: History, rules: Rules, changes: Changes) -> Iterator[Applied]:
        """Decide on the next entries, and note what is to be stored."""
        for one in self._run():
            if one.about in history.about:
                self.waiting.popleft()
                continue
            client = _given(self.client, history, one, rules)
            if client is None:
                return
            self.waiting.popleft()
            outcome = _decided(client, one, rules)
            self._note(one, outcome, changes)
            self.client = stored_client(outcome.client, client)
            if outcome.report is not None:
                history.add_report(stored_report(outcome.report))
            history.change_holds(map(stored_hold, outcome.placed), outcome.lifted)
            if _counts_once(one):
                history.about.add(one.about)
            yield one, outcome

    def _run(self) -> list[Heard]:
        # A booking's change ends it: what is loaded next has to hold the change.
        head, *others = self.waiting
        return [head, *takewhile(lambda one: not isinstance(one.entry, BookingFact), others)]

    def _note(self, one: Heard, outcome: Outcome, changes: Changes) -> None:
        after = outcome.client
        changes.clients[after.id] = after
        if not self.logged:
            data = one.entry.model_dump_json()
            line = Line(after.id, after.version, one.entry.type, one.about, one.at, data)
            changes.lines.append(line)
        if outcome.report is not None:
            changes.reports.append((after.id, outcome.report))
        changes.placed |= {hold.id: (after.id, hold) for hold in outcome.placed}
        by = one.entry.submitted_by if isinstance(one.entry, Submission) else None
        changes.lifted |= {hold: (after.id, Lift(one.at, by)) for hold in outcome.lifted}


async def _with_bookings_saved(
    tx: Transaction, works: Sequence[_Work], *, logged: bool
) -> list[_Work]:
    """Those with a decision to make: a state of a booking that is known asks for none."""
    facts = [head for work in works if isinstance(head := work.waiting[0].entry, BookingFact)]
    new = await save_bookings(tx, facts) if facts else set()
    ready = []
    for work in works:
        head = work.waiting[0].entry
        if isinstance(head, BookingFact) and head.booking_id not in new and not logged:
            work.waiting.popleft()
        else:
            ready.append(work)
    return ready


def _decided(client: Client, one: Heard, rules: Rules) -> Outcome:
    if isinstance(one.entry, BookingFact):
        outcome = decide.booking_changed(client, one.at, rules)
    else:
        outcome = decide.decide(client, one.entry, rules)
    due_at = next_due(outcome.client, rules)
    return replace(outcome, client=replace(outcome.client, due_at=due_at))


def _given(client: Client, history: History, one: Heard, rules: Rules) -> Client | None:
    hold = one.entry.hold_id if isinstance(one.entry, HoldLiftSubmitted) else None
    holds, bookings = history.holds(hold), history.bookings(_as_of(client, one.at))
    if holds is None or bookings is None:
        return None
    reports = history.reports(_speaks_of(one) - rules.usual.window)
    return replace(client, reports=reports, holds=holds, bookings=bookings)


def _as_of(client: Client, at: datetime) -> datetime:
    # After an outage also the sessions that time should have looked at since.
    as_of = at if client.as_of is None else max(client.as_of, at)
    return min(as_of, client.due_at or as_of)


def _speaks_of(one: Heard) -> datetime:
    return one.entry.check_in.at if isinstance(one.entry, CheckInSubmitted) else one.at


def _counts_once(one: Heard) -> bool:
    return isinstance(one.entry, Submission)


def _heard(envelope: Envelope[Submission | BookingFact]) -> Heard:
    told = envelope.data
    if isinstance(told, BookingFact):
        about, at = f"booking {told.booking_id} {told.version}", envelope.time
    else:
        about, at = f"submission {told.submission_id}", told.submitted_at
    return Heard(told.client_id, told, at, about, at, envelope.traceparent)
