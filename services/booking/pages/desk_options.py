"""The options a trainer is offered for a plan: those that nothing known stands against.

Progress has the last word on every plan; what is left out here it would refuse. The view says why
an option of a plan waits; of the others, what the view knows of health and clearance does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.booking.pages.me_view import ClientView, View
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Family

VIGOROUS = 7
"""Effort from which a clinician has to have cleared it, as in progress's rules."""

MOST_IMPACT = 1
"""More is never offered, as in progress's rules."""

CALM: Family = "calm"


@dataclass(frozen=True)
class Offer:
    """An option that can be chosen, with the dose it starts with."""

    code: str
    name: str
    family: Family
    dose: str


@dataclass(frozen=True)
class Row:
    """An option of a plan with its dose; `others` are its easier and harder neighbours."""

    code: str
    name: str
    family: str
    dose: dict[str, int | None]
    easier: tuple[Offer, ...]
    harder: tuple[Offer, ...]
    waits: str | None


def offers(view: ClientView) -> dict[Family, list[Offer]]:
    """What can be added, family by family, in the catalogue's order."""
    found: dict[Family, list[Offer]] = {}
    for option in catalogue().options:
        if why_not(option, view.document) is None:
            found.setdefault(option.family, []).append(_offer(option, view))
    return found


def rows(view: ClientView, plan: View) -> list[Row]:
    """The options of a plan as they can be changed."""
    return [_row(one, view) for one in plan["items"]]


def why_not(option: Option, document: View) -> str | None:
    """Why an option is not offered, as a code of `mask_reasons`; None when it may be."""
    known = dict(_masked(document))
    if option.code in known:
        return known[option.code]
    return (
        _locked(option, document)
        or _history(option, document["screening"])
        or _clearance(option, document["clearance"])
        or ("impact" if option.impact > MOST_IMPACT else None)
    )


def start_dose(code: str) -> dict[str, int]:
    """The dose an option of the catalogue starts with, as a plan's item says it."""
    dose = catalogue().by_code()[code].dose
    known = {
        "per_week": dose.per_week,
        "sets": dose.sets,
        "repetitions": dose.repetitions,
        "minutes": dose.minutes,
    }
    return {name: amount for name, amount in known.items() if amount is not None}


def _masked(document: View) -> Iterator[tuple[str, str]]:
    plan: dict[str, Any] = document["plan"] or {}
    for part in (plan, plan.get("draft") or {}):
        for one in part.get("items", ()):
            if one.get("masked"):
                yield one["option"], one["masked"]["code"]


def _locked(option: Option, document: View) -> str | None:
    for hold in document["holds"]:
        unknown = hold["option"] is None and option.family != CALM
        if hold["kind"] == "option" and (unknown or hold["option"] == option.code):
            return "locked"
        if hold["kind"] == "joint" and option.family not in {CALM, "mobility"}:
            return "joint"
    return None


def _history(option: Option, screening: View | None) -> str | None:
    if screening is None:
        return None
    against = option.contraindications
    if set(against.conditions) & set(screening["conditions"]):
        return "condition"
    return "screening" if set(against.screening) & set(screening["reasons"]) else None


def _clearance(option: Option, clearance: View | None) -> str | None:
    status = None if clearance is None else clearance["status"]
    if clearance is not None:
        named = {option.code, option.family, option.position, *option.regions}
        if named & set(clearance["avoid"]):
            return "avoid"
        most = clearance["max_effort"]
        if most is not None and option.effort > most:
            return "effort"
    return "effort" if option.effort >= VIGOROUS and status != "granted" else None


def _row(one: View, view: ClientView) -> Row:
    option = catalogue().by_code().get(one["option"])
    masked = one.get("masked")
    return Row(
        code=one["option"],
        name=view.option(one["option"]),
        family=view.words.label("families", one["family"]),
        dose={name: one.get(name) for name in ("per_week", "sets", "repetitions", "minutes")},
        easier=_neighbours(option.easier if option else (), view),
        harder=_neighbours(option.harder if option else (), view),
        waits=view.words.label("mask_reasons", masked["code"]) if masked else None,
    )


def _neighbours(codes: tuple[str, ...], view: ClientView) -> tuple[Offer, ...]:
    options = catalogue().by_code()
    return tuple(
        _offer(options[code], view)
        for code in codes
        if why_not(options[code], view.document) is None
    )


def _offer(option: Option, view: ClientView) -> Offer:
    dose = start_dose(option.code)
    parts = [f"{dose['per_week']} \N{MULTIPLICATION SIGN}"]
    if "minutes" in dose:
        parts.append(f"{dose['minutes']} min")
    if "repetitions" in dose:
        parts.append(f"{dose.get('sets', 1)} \N{MULTIPLICATION SIGN} {dose['repetitions']}")
    return Offer(option.code, view.option(option.code), option.family, ", ".join(parts))
