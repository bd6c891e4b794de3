"""What the client's page says of the progress view, in one language; parts missing are empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.pages.language import Tongue
from services.booking.pages.me_rules import sentence
from services.booking.queries.progress import empty_view
from shared.options.catalogue import catalogue

View = Mapping[str, Any]

CHECK_IN_STEPS = {
    "pre-check-in": "pre",
    "post-check-in": "post",
    "next-morning": "next-morning",
    "flare-follow-up": "daily",
}
"""Next steps that a check-in answers, with its kind."""

MEASURES = ("stiffness", "energy", "mood", "confidence", "effort", "enjoyment", "worst_pain")
"""What a check-in may tell beside pain, in the order in which a diary says it."""

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Said:
    """Something a rule says: why, and what to do."""

    why: str
    what: str


@dataclass(frozen=True)
class Asked:
    """The next thing the client is asked for; without `href` others have to act."""

    code: str
    label: str
    href: str | None
    button: str


@dataclass(frozen=True)
class Held:
    """What waits until a person lifts it."""

    what: str
    why: str
    since: str
    rule: str


@dataclass(frozen=True)
class Told:
    """One check-in as a row; `more` is all told beside pain, `level` is empty where none came.

    `note` is what was typed with it.
    """

    at: str
    epoch: int
    kind: str
    kind_label: str
    pain: int
    level: str
    more: str
    note: str = ""


class ClientView:
    """One client's progress view: how the client stands, and what was told.

    With `to_others` it speaks of the client, not to them.
    """

    def __init__(
        self, document: View, words: Tongue, rules: ZoneInfo, *, to_others: bool = False
    ) -> None:
        self.document: dict[str, Any] = {**empty_view(document["client_id"]), **document}
        self.words = words
        self.to_others = to_others
        self.notes: Mapping[UUID, str] = {}
        self.zone = rules
        self._ = words.translations.gettext
        self.ngettext = words.translations.ngettext

    @property
    def level(self) -> str:
        """The client's safety level."""
        return str(self.document["level"])

    @property
    def version(self) -> int:
        """Which version of the view this is."""
        return int(self.document["version"])

    def told_today(self, now: datetime) -> bool:
        """Whether the newest check-in is of today, and no rule had an answer to it."""
        newest = next(iter(self.document["check_ins"]), None)
        if newest is None or newest["level"] != "unknown":
            return False
        at = datetime.fromisoformat(newest["at"]).astimezone(self.zone)
        return at.date() == now.astimezone(self.zone).date()

    @property
    def standing(self) -> list[Said]:
        """What the rules in force say; each thing once."""
        return said(self.document["safety"]["rules"], self.words)

    @property
    def next(self) -> Asked | None:
        """The next thing that is asked for."""
        step = self.document["next"]
        if step is None:
            return None
        code = step["code"]
        label = self.words.label("next_steps", code)
        if code in CHECK_IN_STEPS:
            query = {"kind": CHECK_IN_STEPS[code]}
            if step.get("booking"):
                query["booking"] = step["booking"]
            return Asked(code, label, f"/me/check-in?{urlencode(query)}", self._("Check in"))
        if code == "questionnaire":
            name = step.get("instrument", "peg")
            label = f"{label}: {self.words.label('instruments', name)}"
            return Asked(code, label, f"/me/questionnaires/{name}", self._("Answer the questions"))
        target, button = {
            "screening": ("/me/screening", self._("Answer the questions")),
            "clearance": ("/me/sharing", self._("Share with a doctor")),
            "assessment": ("/?service=assessment", self._("Choose a time")),
        }.get(code, (None, ""))
        return Asked(code, label, target, button)

    @property
    def holds(self) -> list[Held]:
        """What waits until a person lifts it, the oldest first."""
        return [
            Held(
                what=self.option(hold["option"])
                if hold.get("option")
                else self.words.label("hold_kinds", hold["kind"]),
                why=sentence(hold["reason"], self.words),
                since=self.day(hold["since"]),
                rule=hold["rule"],
            )
            for hold in self.document["holds"]
        ]

    @cached_property
    def diary(self) -> list[Told]:
        """All check-ins the view holds, newest first."""
        return [self._told(one) for one in self.document["check_ins"]]

    def told_of(self, kind: str) -> bool:
        """Whether the view holds a check-in of that kind."""
        return any(one["kind"] == kind for one in self.document["check_ins"])

    @property
    def pain_summary(self) -> str:
        """The chart in a sentence."""
        pains = [one["pain"] for one in self.document["check_ins"]]
        if not pains:
            return ""
        if self.to_others:
            text = self.ngettext(
                "Pain in the newest check-in: %(last)s of 10.",
                "Pain in the newest %(num)s check-ins: from %(low)s to %(high)s of 10,"
                " at the last one %(last)s.",
                len(pains),
            )
        else:
            text = self.ngettext(
                "Pain in your newest check-in: %(last)s of 10.",
                "Pain in your newest %(num)s check-ins: from %(low)s to %(high)s of 10,"
                " at the last one %(last)s.",
                len(pains),
            )
        figures = {"num": len(pains), "low": min(pains), "high": max(pains), "last": pains[0]}
        return text % figures

    @property
    def milestones(self) -> list[tuple[str, str, str]]:
        """What was reached, newest first: what, of which kind, when."""
        return [
            (
                self.words.label("milestones", one["code"]),
                self.words.label("milestone_kinds", one["kind"]),
                self.day(one["at"]),
            )
            for one in reversed(self.document["milestones"])
        ]

    def option(self, code: str) -> str:
        """What an option of the catalogue is called; itself where unknown."""
        known = catalogue().by_code().get(code)
        if known is None:
            return code
        return known.text.fr.name if self.words.language == "fr" else known.text.en.name

    def day(self, at: str) -> str:
        """The day of an instant (RFC 3339)."""
        return self.words.day(datetime.fromisoformat(at).astimezone(self.zone).date())

    def number(self, value: float) -> str:
        """A number with at most one decimal."""
        text = f"{round(value, 1):g}".replace("-", MINUS)
        return text.replace(".", ",") if self.words.language == "fr" else text

    def signed(self, value: float) -> str:
        """A change, always with its sign."""
        text = self.number(value)
        return f"+{text}" if round(value, 1) > 0 else text

    def _told(self, one: View) -> Told:
        at = datetime.fromisoformat(one["at"])
        day = self.words.day_of_month(at.astimezone(self.zone).date())
        return Told(
            at=f"{day}, {self.words.time(at, self.zone)}",
            epoch=int(at.timestamp()),
            kind=one["kind"],
            kind_label=self.words.label("check_in_kinds", one["kind"]),
            pain=one["pain"],
            level="" if one["level"] == "unknown" else self.words.label("levels", one["level"]),
            more=" · ".join(self._more(one)),
            note=self.notes.get(UUID(one["id"]), ""),
        )

    def _more(self, one: View) -> list[str]:
        label = self.words.label
        done = [exercise for exercise in one.get("exercises", ()) if exercise["done"]]
        return [
            *(
                f"{label('measures', name)} {one[name]}"
                for name in MEASURES
                if one.get(name) is not None
            ),
            *(self.option(exercise["option"]) for exercise in done),
            *(label("red_flags", flag) for flag in one.get("red_flags", ())),
            *(label("why", code) for code in one.get("why", ())),
            *([self._("a flare")] if one.get("flare") else []),
        ]


def said(actions: Iterable[View], words: Tongue) -> list[Said]:
    """What rules say, each thing once, in their order."""
    found = (
        Said(sentence(one["detail"], words), sentence(one["action"], words)) for one in actions
    )
    return list(dict.fromkeys(found))
