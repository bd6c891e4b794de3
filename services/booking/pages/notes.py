"""Notes as the pages say them: who wrote what, when and about what."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.domain.care_team import Purpose
from services.booking.domain.notes import LIMITS, Note, NoteKind, kinds_shown
from services.booking.handlers import notes
from services.booking.handlers.notes import NotesPage
from services.booking.pages.desk_words import option_name
from services.booking.pages.language import Tongue
from services.booking.queries.bookings import BookingRow
from services.booking.queries.notes import Place
from services.booking.store.client_keys import ClientKeys
from shared.postgres import Transaction

SHOWN = 20
"""Notes on one page: weeks of them; older ones are a link away."""

BESIDE = 10
"""Of decisions and of comments the newest, which stand beside what they are about as well."""

_GROUPS = (
    "regions", "posture_findings", "movements", "movement_findings", "joints", "motions",
)  # fmt: skip
"""Where the codes that an assessment speaks of have their labels."""


@dataclass(frozen=True)
class Written:
    """A note in words. Each text comes with what it is about; either may be empty."""

    kind: NoteKind
    what: str
    by: str
    at: str
    rejected: bool
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Notes:
    """What was typed about a client, as far as somebody may read it.

    `of_reports` are the notes of reports that the view shows, by report; `about` are decisions and
    comments, the newest first.
    """

    newest: NotesPage
    of_reports: Mapping[UUID, Note]
    about: tuple[Note, ...]

    def beside(self, part: Mapping[str, Any] | None) -> list[Note]:
        """The notes that belong to a part of the view: its own, then what was said about it."""
        if not part:
            return []
        part_id = UUID(part["id"])
        own = self.of_reports.get(part_id)
        said = [one for one in self.about if one.of == part_id and one.status != "rejected"]
        return [*([own] if own else []), *said]


async def read(
    connection: Transaction,
    keys: ClientKeys,
    document: Mapping[str, Any],
    *,
    share: Collection[Purpose] | None,
    before: Place | None = None,
) -> Notes:
    """The newest notes, and those beside what a view shows; of what is not shared none.

    Raises:
        UnreadableError: the master key is another one.
    """
    client_id, kinds = UUID(document["client_id"]), kinds_shown(share)
    shown = [*document.get("check_ins", ()), document.get("screening"), document.get("assessment")]
    plan = document.get("plan") or {}
    ids = [UUID(one["id"]) for one in (*shown, plan, plan.get("draft")) if one]
    sealer = await keys.find(connection, client_id)
    about: list[Note] = []
    for kind in kinds:
        if kind in {"clearance-decision", "plan-comment"}:
            page = await notes.newest(connection, sealer, client_id, [kind], limit=BESIDE)
            about += page.notes
    return Notes(
        await notes.newest(connection, sealer, client_id, kinds, before=before, limit=SHOWN),
        await notes.of_reports(connection, sealer, client_id, kinds, ids),
        tuple(about),
    )


async def of_check_ins(
    connection: Transaction, keys: ClientKeys, document: Mapping[str, Any]
) -> Mapping[UUID, Note]:
    """The notes of the check-ins that a client's own view shows, by check-in.

    Raises:
        UnreadableError: the master key is another one.
    """
    client_id = UUID(document["client_id"])
    ids = [UUID(one["id"]) for one in document.get("check_ins", ())]
    sealer = await keys.find(connection, client_id) if ids else None
    return await notes.of_reports(connection, sealer, client_id, ["checkin"], ids)


def written(found: Iterable[Note], words: Tongue, rules: ZoneInfo) -> list[Written]:
    """Notes in the words of the page."""
    return [
        Written(
            kind=one.kind,
            what=words.label("note_kinds", one.kind),
            by=_by(one, words),
            at=words.moment(one.at, rules),
            rejected=one.status == "rejected",
            texts=tuple(
                (" · ".join(_named(word, words) for word in text.about), text.text or "")
                for text in one.texts
            ),
        )
        for one in found
    ]


def said_with(
    booked: BookingRow, keys: ClientKeys, words: Tongue, rules: ZoneInfo
) -> tuple[str, list[str]]:
    """Which session it was, and what was typed when it was booked or cancelled.

    Raises:
        UnreadableError: the master key is another one.
    """
    _ = words.translations.gettext
    texts = {_("Goal"): booked.goal, _("Why it was cancelled"): booked.cancel_reason}
    return f"{words.label('services', booked.service)} · {words.moment(booked.start, rules)}", [
        f"{what}: {keys.open_note(text)}" for what, text in texts.items() if text is not None
    ]


def told_with(found: Mapping[UUID, Note], client_id: UUID) -> dict[UUID, str]:
    """Each check-in's note as one text; one that somebody else wrote begins with their name."""
    return {report: "\n".join(_signed(note, client_id)) for report, note in found.items()}


def _signed(note: Note, client_id: UUID) -> Iterator[str]:
    for one in note.texts:
        yield one.text or "" if note.by == client_id else f"{note.by_name}: {one.text}"


def _by(note: Note, words: Tongue) -> str:
    if note.by_role == "client":
        # Also of a relative who is somebody's client: that is nobody else's business.
        return note.by_name
    role = words.label("roles", note.by_role)
    return f"{note.by_name} ({role})" if note.by_name else role


def _named(word: str, words: Tongue) -> str:
    if word == LIMITS:
        return words.translations.gettext("Limits")
    for group in _GROUPS:
        label = words.label(group, word)
        if label != word:
            return label
    return option_name(word, words)
