"""What should have been in the mailboxes, worked out by hand: shares no code with notify.

A reminder goes out 24 hours and 2 hours before a session that takes place; one that falls in quiet
hours (21:00 to 08:00 of the recipient's wall) goes out when they begin, and one whose time has
passed when the booking is made or moved is left out.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.proofs.mail_world import Booking, Kind, Version, World
from tests.proofs.recording import Handed


@dataclass(frozen=True)
class Offer:
    """A reminder: how long before the start it is due, from when on it is of no use, and whether
    it comes before quiet hours instead of in them."""

    before: timedelta
    useless: timedelta
    moved: bool = True

    def due(self, start: datetime, tz: str) -> datetime | None:
        """When it goes out; None when it never does."""
        at = start - self.before
        if not is_quiet(at, tz):
            return at
        if not self.moved:
            return None
        wall = at.astimezone(ZoneInfo(tz))
        day = wall.date() - timedelta(days=0 if wall.time() >= QUIET_FROM else 1)
        return datetime.combine(day, QUIET_FROM, tzinfo=wall.tzinfo).astimezone(UTC)


OFFERED = {
    "reminder-24h": Offer(timedelta(hours=24), timedelta(hours=3)),
    "reminder-2h": Offer(timedelta(hours=2), timedelta(minutes=15)),
    "check-in-before": Offer(timedelta(hours=1), timedelta(0), moved=False),
}

NEWS: dict[Kind, str] = {
    "confirmed": "booking-confirmed",
    "rescheduled": "booking-rescheduled",
    "cancelled": "booking-cancelled",
    "frozen": "booking-frozen",
    "unfrozen": "booking-unfrozen",
}

QUIET_FROM, QUIET_TO = time(21), time(8)
JUST_AFTER = timedelta(minutes=10)
"""A reminder that is due when quiet hours begin may be so late and still go out."""

SLACK = timedelta(seconds=90)
"""A driver's clock that was nudged for retries, and the machine's own delays."""

WRITTEN_WITHIN_S = 5.0
"""A sender writes down within this how a send ended, also on a machine with much else to do."""

POSTGRES_BACK_S = 30.0
"""Postgres answers again within this of being stopped."""

UNDER_WAY_S = 1.0
"""A text that left its sender is taken within this."""

"""Their attempt had begun, so nobody knows, and they were not sent again."""

TERMINAL = frozenset({"sent", "failed", "bounced", "cancelled", "expired", "unknown"})

Message = tuple[str, UUID, int, UUID]
"""Template, booking, version, recipient."""


@dataclass(frozen=True)
class Row:
    """A message as notify's ledger ends; `unknowns` are its attempts of unknown fate."""

    message: Message
    state: str
    reason: str | None
    unknowns: int
    open_attempts: int


@dataclass
class Findings:
    """What is wrong, by kind, and what was looked at."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seen: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, what: str) -> None:
        """Something is wrong."""
        self.wrong[kind].append(what)


@dataclass(frozen=True)
class Evidence:
    """What was seen: the texts handed over, when all that was due was seen to be out, the ledger.

    `strikes` are the kills of senders: the moment on the machine's clock, and whom; `outages` the
    moments at which Postgres was stopped.
    """

    handed: list[Handed]
    calm: list[datetime]
    rows: list[Row]
    strikes: list[tuple[float, int]]
    outages: list[float]


def judge(world: World, evidence: Evidence) -> Findings:
    """Hold what was sent against what should have been."""
    found = Findings()
    by_message: dict[Message, list[Handed]] = defaultdict(list)
    for handed in evidence.handed:
        by_message[message_of(handed)].append(handed)
    rows = {row.message: row for row in evidence.rows}
    for booking, version in world.told():
        for template, offer in OFFERED.items():
            message = (template, booking.id, version.number, booking.client.id)
            reminder = _Reminder(
                booking,
                version,
                offer,
                offer.due(version.start, booking.client.tz),
                by_message.get(message, []),
                rows.get(message),
            )
            what = f"{template} of {booking.id} version {version.number}"
            _reminder(found, reminder, what, evidence.calm)
        _news(found, world, booking, version, by_message, rows)
    for message, copies in by_message.items():
        _copies(found, message, copies, rows.get(message), evidence)
    for row in evidence.rows:
        _ending(found, row, by_message.get(row.message, []))
    return found


def message_of(handed: Handed) -> Message:
    """Which message a text is, by its Message-ID."""
    template, subject, version, rest = handed.message_id.strip("<>").split(".", 3)
    if template != handed.template:
        raise AssertionError(f"{handed.message_id} says it is {handed.template}")
    return template, UUID(subject), int(version), UUID(rest.partition("@")[0])


def is_quiet(at: datetime, tz: str) -> bool:
    """Whether the recipient's wall says night."""
    wall = at.astimezone(ZoneInfo(tz)).time()
    return not QUIET_TO <= wall < QUIET_FROM


@dataclass(frozen=True)
class _Reminder:
    """A reminder of one version of a booking, with what became of it."""

    booking: Booking
    version: Version
    offer: Offer
    due: datetime | None
    copies: list[Handed]
    row: Row | None

    @property
    def useless_at(self) -> datetime:
        """From when on it helps nobody."""
        return self.version.start - self.offer.useless

    def fault_of(self, copy: Handed) -> tuple[str, str] | None:
        """Why a text should not have been handed over, by kind; None when it was right."""
        version, client = self.version, self.booking.client
        following = self.booking.after(version)
        if not version.takes_place:
            return "stale", "it does not take place"
        if following and following.known_moment and copy.moment > following.known_moment:
            return "stale", f"version {following.number} was known"
        return ("unwanted", "no consent") if not client.wants else self._mistimed(copy)

    def _mistimed(self, copy: Handed) -> tuple[str, str] | None:
        version, client = self.version, self.booking.client
        if self.due is None or version.told is None or self.due <= version.told:
            return "mistimed", "its time had passed when it was told"
        if not self.due <= copy.at <= self.useless_at + SLACK:
            return "mistimed", f"due {self.due}, handed over {copy.at}"
        if is_quiet(copy.at, client.tz) and copy.at > self.due + JUST_AFTER:
            return "mistimed", f"handed over in quiet hours, {copy.at}"
        return None

    def had_to_go_out(self, calm: list[datetime]) -> bool:
        """Whether it was known in time, and once its time had come all that was due went out."""
        version, client, due = self.version, self.booking.client, self.due
        if not version.takes_place or not client.wants or client.dead:
            return False
        if due is None or version.known is None or due <= version.known:
            return False
        following = self.booking.after(version)
        until = following.told if following and following.told else self.useless_at
        return any(
            due <= moment < min(until, self.useless_at)
            and (moment < due + JUST_AFTER or not is_quiet(moment, client.tz))
            for moment in calm
        )


def _reminder(found: Findings, reminder: _Reminder, what: str, calm: list[datetime]) -> None:
    for copy in reminder.copies:
        if (fault := reminder.fault_of(copy)) is not None:
            found.note(fault[0], f"{what}: {fault[1]}")
    if not reminder.had_to_go_out(calm):
        return
    found.seen["reminders due"] += 1
    unknown = reminder.row is not None and reminder.row.state == "unknown"
    if any(copy.kept for copy in reminder.copies):
        found.seen["reminders kept"] += 1
    elif reminder.copies and unknown:
        found.seen["reminders lost after DATA, unknown"] += 1
    elif unknown and reminder.row is not None and reminder.row.unknowns > 1:
        found.seen["reminders lost with two killed senders, unknown"] += 1
    else:
        found.note("missed", f"{what}: due {reminder.due}, {reminder.row}")


def _news(
    found: Findings,
    world: World,
    booking: Booking,
    version: Version,
    by_message: dict[Message, list[Handed]],
    rows: dict[Message, Row],
) -> None:
    wanted = [(NEWS[version.kind], booking.client.id)] if version.kind in NEWS else []
    match version.kind:
        case "confirmed":
            wanted.append(("trainer-booked", version.trainer))
        case "rescheduled" if version.trainer == version.previous_trainer:
            wanted.append(("trainer-moved", version.trainer))
        case "rescheduled":
            wanted.append(("trainer-booked", version.trainer))
            wanted.append(("trainer-cancelled", version.previous_trainer))
        case "cancelled":
            wanted.append(("trainer-cancelled", version.trainer))
        case "frozen" | "unfrozen":
            pass
    for template, recipient in wanted:
        message = (template, booking.id, version.number, recipient)
        copies = by_message.get(message, [])
        row = rows.get(message)
        if world.person(recipient).dead:
            if copies:
                found.note("unwanted", f"{message}: a dead address")
            continue
        found.seen["news due"] += 1
        if any(copy.kept for copy in copies):
            found.seen["news kept"] += 1
        elif not (copies and row and row.state == "unknown"):
            found.note("missed", f"{message}: {row}")


def _copies(
    found: Findings,
    message: Message,
    copies: list[Handed],
    row: Row | None,
    evidence: Evidence,
) -> None:
    """One text of each message, unless a link broke after DATA and the ledger admits it."""
    if row is None:
        found.note("unledgered", f"{message}")
        return
    if {copy.message_id for copy in copies} != {copies[0].message_id}:
        found.note("doubled", f"{message}: under several Message-IDs")
    kept = [copy for copy in copies if copy.kept]
    if len(kept) < 2:
        return
    broken = [copy for copy in copies if _broke(copy, evidence)]
    if len(kept) - 1 <= len(broken) and row.unknowns >= len(kept) - 1:
        found.seen["twins after a cut"] += 1
    else:
        texts = [(copy.fate, round(copy.moment, 2), copy.sender) for copy in copies]
        killed = [(round(moment, 2), sender) for moment, sender in evidence.strikes]
        found.note("doubled", f"{message}: {texts}, kills {killed}, {row.state} {row.unknowns}")


def _broke(copy: Handed, evidence: Evidence) -> bool:
    """Whether the link was cut after the text, or its sender killed before it wrote the answer.

    A text can be on its way when its sender dies, so the blow may come first. While Postgres is
    away the answer cannot be written, and the sender holds it until Postgres is back.
    """
    until = copy.moment + WRITTEN_WITHIN_S
    away = [at for at in evidence.outages if copy.moment - UNDER_WAY_S < at < until]
    if away:
        until = max(away) + POSTGRES_BACK_S
    return copy.fate.endswith("cut") or any(
        sender == copy.sender and copy.moment - UNDER_WAY_S < moment < until
        for moment, sender in evidence.strikes
    )


def _ending(found: Findings, row: Row, copies: list[Handed]) -> None:
    found.seen[f"{row.message[0]} {row.state}"] += 1
    if row.state not in TERMINAL or row.open_attempts:
        found.note("unended", f"{row}")
    if row.state == "failed":
        found.note("unended", f"{row}")
    if row.state == "sent" and not any(copy.kept for copy in copies):
        found.note("missed", f"{row}: sent, but nobody has it")
    if row.state in {"cancelled", "expired"} and any(copy.fate == "taken" for copy in copies):
        found.note("unended", f"{row}: it was taken")
