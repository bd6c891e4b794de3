"""The check-in as a form: its questions by kind, and what was typed as the API's body."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from starlette.datastructures import FormData

from services.booking.pages.language import Tongue
from services.booking.pages.me_view import View
from shared.contracts.submissions import CheckInKind
from shared.identifiers import new_id
from shared.vocabulary.labels import vocabulary

SCALES: dict[CheckInKind, tuple[str, ...]] = {
    "pre": ("stiffness", "energy", "mood", "confidence"),
    "post": ("effort", "enjoyment", "worst_pain"),
    "next-morning": ("stiffness", "energy", "mood"),
    "daily": ("stiffness", "energy", "mood", "confidence"),
}
"""What may be told beside pain; each can be left out."""

SCORES = ("pain", *dict.fromkeys(name for names in SCALES.values() for name in names))

WORSE_BY = 2
"""Points above the pain before the session from which a morning counts as worse (rule A2): then
the page asks why at once; progress decides."""

FLARE_FROM = 6
"""Pain from which a flare is asked about on a screen of its own (rule P2)."""

FIRST_OF_ALL = "R1"
"""The tier of signs that need help now: they come first, and bring 911 to the screen."""


@dataclass(frozen=True)
class Scale:
    """A question from 0 to 10, with what its ends mean."""

    name: str
    text: str
    low: str
    high: str


@dataclass(frozen=True)
class Sign:
    """A sign to act on, as it is asked."""

    code: str
    label: str
    tier: str


def kind_of(asked: object, otherwise: View | None) -> tuple[CheckInKind, str | None]:
    """The kind that is asked for and, when it comes from the next step, its booking."""
    for kind in get_args(CheckInKind):
        if asked == kind:
            return kind, None
    step = otherwise or {}
    following: dict[str, CheckInKind] = {
        "pre-check-in": "pre",
        "post-check-in": "post",
        "next-morning": "next-morning",
    }
    kind = following.get(str(step.get("code")), "daily")
    return kind, step.get("booking") if kind != "daily" else None


def signs(words: Tongue) -> list[Sign]:
    """All signs, those first that need help at once."""
    found = [
        Sign(term.code, words.label("red_flags", term.code), term.tier)
        for term in vocabulary().red_flags
    ]
    return sorted(found, key=lambda one: one.tier != FIRST_OF_ALL)


def scales(kind: CheckInKind, words: Tongue) -> list[Scale]:
    """The questions of a kind beside pain, in order."""
    texts = _texts(words)
    return [Scale(name, *texts[name]) for name in SCALES[kind]]


def pain_before(check_ins: Sequence[View], booking: str | None) -> int | None:
    """The pain before a session, where it was told."""
    before = (
        one["pain"]
        for one in check_ins
        if one["kind"] == "pre" and (booking is None or one["booking"] == booking)
    )
    return next(before, None)


def body_of(form: FormData) -> dict[str, Any]:
    """The form as the API's body; numbers that are none stay as typed, and are refused there."""
    body: dict[str, Any] = {"kind": _text(form, "kind"), "flare": "flare" in form}
    for name in SCORES:
        if typed := _text(form, name):
            body[name] = whole(typed)
    for name in ("red_flags", "why"):
        body[name] = [str(code) for code in form.getlist(name)]
    for name in ("booking", "note"):
        if typed := _text(form, name):
            body[name] = typed
    done = [str(code) for code in form.getlist("done")]
    if done:
        # Whoever names one has looked at all of them.
        asked = _text(form, "options").split()
        body["exercises"] = [
            {"option": code, "done": code in done} for code in dict.fromkeys([*asked, *done])
        ]
    return body


def told_again(told: View, why: Sequence[str]) -> dict[str, Any]:
    """A check-in as it was told, with the reasons, as the API's body."""
    known = {name: told[name] for name in SCORES if told.get(name) is not None}
    exercises = [
        {name: value for name, value in one.items() if value is not None}
        for one in told.get("exercises", ())
    ]
    return {
        **known,
        "kind": told["kind"],
        "booking": told["booking"],
        "exercises": exercises,
        "red_flags": list(told["red_flags"]),
        "flare": told["flare"],
        "why": list(why),
        "at": told["at"],
    }


def whole(typed: str) -> int | str:
    """A whole number as typed in digits; else the text, which no score is."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else typed


def page_id(form: FormData | None) -> str:
    """What tells a page from the next one with the same answers; typed again it stays the same."""
    known = None if form is None else form.get("page")
    return str(known or new_id())


def same_form(form: FormData) -> str:
    """A key of what was sent: twice the same form is one report, a corrected one is another."""
    typed = repr(sorted((name, str(value)) for name, value in form.multi_items()))
    return hashlib.sha256(typed.encode()).hexdigest()


def chosen(form: FormData | None) -> dict[str, list[str]]:
    """What was typed, by field, to fill the form in again."""
    if form is None:
        return {}
    return {name: [str(one) for one in form.getlist(name)] for name in form}


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()


def _texts(words: Tongue) -> dict[str, tuple[str, str, str]]:
    _ = words.translations.gettext
    return {
        "stiffness": (_("How stiff do you feel?"), _("not at all"), _("as stiff as can be")),
        "energy": (_("How much energy do you have?"), _("none"), _("plenty")),
        "mood": (_("How is your mood?"), _("very low"), _("very good")),
        "confidence": (
            _("How sure are you that you can do what you plan today?"),
            _("not at all"),
            _("entirely"),
        ),
        "effort": (_("How hard was the session?"), _("like resting"), _("all I had")),
        "enjoyment": (_("How much did you enjoy it?"), _("not at all"), _("very much")),
        "worst_pain": (
            _("What was the worst pain during the exercises?"),
            _("no pain"),
            _("the worst imaginable"),
        ),
    }
