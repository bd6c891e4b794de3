"""The plan as cards: what can be chosen today, with doses and how each option is done."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.booking.pages.me_view import ClientView, View
from shared.options.catalogue import catalogue
from shared.options.entries import Words


@dataclass(frozen=True)
class Card:
    """An option with its dose. `waits` says why it is not for now; `extra`: not of the plan."""

    code: str
    name: str
    family: str
    dose: str
    words: Words | None
    easier: tuple[str, ...]
    harder: tuple[str, ...]
    waits: str | None
    extra: bool


@dataclass(frozen=True)
class Plan:
    """The client's plan: what can be chosen today, and all of it."""

    active: bool
    menu: tuple[Card, ...]
    items: tuple[Card, ...]


def plan_of(view: ClientView) -> Plan | None:
    """The plan as the view has it; None without one."""
    plan = view.document["plan"]
    if not plan:
        return None
    return Plan(
        plan["status"] == "active",
        tuple(_card(view, one) for one in plan.get("menu", ())),
        tuple(_card(view, one) for one in plan["items"]),
    )


def _card(view: ClientView, one: View) -> Card:
    option = catalogue().by_code().get(one["option"])
    masked = one.get("masked")
    words = None
    if option is not None:
        words = option.text.fr if view.words.language == "fr" else option.text.en
    return Card(
        code=one["option"],
        name=view.option(one["option"]),
        family=view.words.label("families", one["family"]),
        dose=" · ".join(_dose(view, one)),
        words=words,
        easier=_names(view, option.easier if option else ()),
        harder=_names(view, option.harder if option else ()),
        waits=view.words.label("mask_reasons", masked["code"]) if masked else None,
        extra=one.get("planned") is False,
    )


def _names(view: ClientView, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(view.option(code) for code in codes)


def _dose(view: ClientView, one: View) -> list[str]:
    gettext, ngettext = view.words.translations.gettext, view.words.translations.ngettext
    often = ngettext("%(num)s time a week", "%(num)s times a week", one["per_week"])
    parts = [often % {"num": one["per_week"]}]
    if one.get("sets") and one.get("repetitions"):
        dose = ngettext(
            "%(num)s set of %(times)s repetitions",
            "%(num)s sets of %(times)s repetitions",
            one["sets"],
        )
        parts.append(dose % {"num": one["sets"], "times": one["repetitions"]})
    if one.get("minutes"):
        parts.append(gettext("%(num)s minutes") % {"num": one["minutes"]})
    return parts
