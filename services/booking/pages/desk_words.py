"""What the desk says: why a client needs care, and the rules in force with what they looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from zoneinfo import ZoneInfo

from services.booking.domain.attention import ANSWERED_BY_CHECK_IN, AttentionCode, Reason
from services.booking.pages.language import Tongue
from services.booking.pages.me_rules import sentence
from services.booking.pages.me_view import ClientView, View
from shared.contracts.submissions import RedFlag
from shared.options.catalogue import catalogue

GRAVE: frozenset[AttentionCode] = frozenset(
    {"emergency", "session-hold", "stopped", "part-hold", "review", "worsening", "flare"}
)
"""Reasons that are drawn as warnings."""


@dataclass(frozen=True)
class Explained:
    """A rule in force: what it decided, in the client's words, and what it looked at."""

    rule: str
    version: str
    level: str
    action: str
    detail: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Need:
    """Why somebody needs care, in words."""

    code: AttentionCode
    text: str
    grave: bool


def needs(found: tuple[Reason, ...], words: Tongue, rules: ZoneInfo) -> list[Need]:
    """Reasons in words, in their order."""
    return [Need(one.code, _said(one, words, rules), one.code in GRAVE) for one in found]


def explained(view: ClientView) -> list[Explained]:
    """The rules in force, as a trainer reads them."""
    return [_explained(one, view) for one in view.document["safety"].get("rules", ())]


def gates(view: ClientView) -> list[tuple[str, str, str]]:
    """What stands before a plan: the rule, why, and what opens it."""
    return [
        (one["rule"], sentence(one.get("reason", one["code"]), view.words), _task(one, view.words))
        for one in view.document["safety"].get("gates", ())
    ]


def option_name(code: str, words: Tongue) -> str:
    """What an option is called; the code itself where unknown."""
    known = catalogue().by_code().get(code)
    if known is None:
        return code
    return known.text.fr.name if words.language == "fr" else known.text.en.name


def _said(one: Reason, words: Tongue, rules: ZoneInfo) -> str:
    _ = words.translations.gettext
    texts: dict[AttentionCode, str] = {
        "emergency": _("Reported a sign that needs medical help now"),
        "session-hold": _("All sessions wait: speak with the client, then lift the hold"),
        "stopped": _("Has stopped for today"),
        "part-hold": _("Waits for you:"),
        "review": _("A rule asks for you:"),
        "worsening": _("Getting worse:"),
        "flare": _("In a flare"),
        "take-care": _("Takes it easier today"),
        "screening-due": _("The questions about health are due"),
        "clearance-due": _("A clinician's word is needed"),
        "assessment-due": _("The assessment is due"),
        "missed-check-in": _("A check-in is missing:"),
        "silent": _("No word for a week or more"),
        "draft-waits": _("A plan waits to be activated"),
        "no-plan": _("Has no plan yet"),
    }
    text = texts[one.code]
    if about := _about(one, words):
        text = f"{text} {about}"
    if one.since is not None:
        text += f" ({words.day_of_month(one.since.astimezone(rules).date())})"
    return text


def _about(one: Reason, words: Tongue) -> str:
    match one.code, one.about:
        case "review", str(code):
            return words.label("actions", code)
        case "worsening", str(code):
            return words.label("measures", code)
        case "part-hold", str(code):
            return option_name(code, words)
        case "missed-check-in", str(code) if code in ANSWERED_BY_CHECK_IN:
            return _missing(code, words)
        case _:
            return ""


def _missing(code: str, words: Tongue) -> str:
    _ = words.translations.gettext
    return {
        "pre-check-in": _("before the session"),
        "post-check-in": _("after the session"),
        "next-morning": _("the next morning"),
        "flare-follow-up": _("in the flare"),
    }[code]


def _explained(one: View, view: ClientView) -> Explained:
    words = view.words
    return Explained(
        rule=one["rule"],
        version=str(one.get("version") or ""),
        level=words.label("levels", one["level"]),
        action=words.label("actions", one["code"]),
        detail=sentence(one["detail"], words),
        inputs=tuple(
            (_input_name(name, words), _input(value, view))
            for name, value in sorted((one.get("inputs") or {}).items())
        ),
    )


def _input_name(name: str, words: Tongue) -> str:
    label = words.label("measures", name)
    return label if label != name else name.replace("_", " ")


def _input(value: object, view: ClientView) -> str:
    _ = view.words.translations.gettext
    match value:
        case None | bool():
            return {True: _("yes"), False: _("no"), None: _("not known")}[value]
        case int() | float():
            return view.number(value)
        case list() | tuple():
            return ", ".join(_input(one, view) for one in value)
        case Mapping():
            return ", ".join(f"{name}: {_input(part, view)}" for name, part in value.items())
        case _:
            code = str(value)
            flag = view.words.label("red_flags", code) if code in get_args(RedFlag) else None
            return flag or view.option(code)


def _task(one: Mapping[str, Any], words: Tongue) -> str:
    _ = words.translations.gettext
    task = str(one.get("task") or one["code"])
    texts = {
        "screening": _("The client answers the questions about health"),
        "clearance": _("A doctor or physiotherapist agrees"),
        "assessment": _("You assess posture and movement"),
    }
    return texts.get(task, task)
