"""Trends, effects and scores as sentences: each with its interval and its honest word."""

from dataclasses import dataclass
from typing import get_args

from services.booking.pages.me_view import ClientView, View
from shared.instruments.table import instrument
from shared.vocabulary.codes import Instrument

AFTER = ("session", "next-morning")
"""When an effect is looked at."""

BAR_REACH = 5.0
"""Points to each side of the middle of a bar; what lies further is drawn at its end."""

THINNEST = 1.0
"""Percent of a bar's width: an interval that is thinner is still seen."""


@dataclass(frozen=True)
class Bar:
    """An interval as it is drawn, in percent of the bar's width; its middle stands for 0."""

    x: float
    width: float
    at: float


@dataclass(frozen=True)
class Moved:
    """A measure and where it goes."""

    name: str
    code: str
    verdict: str
    why: str
    bar: Bar | None


@dataclass(frozen=True)
class Helped:
    """What an option did for the client's own pain; `best` only where that is clear."""

    name: str
    text: str
    bar: Bar
    best: bool


@dataclass(frozen=True)
class Scored:
    """A measure of function: then and now, and how to read it."""

    name: str
    text: str
    hint: str


def trends(view: ClientView) -> list[Moved]:
    """Where each measure goes."""
    return [_moved(view, one) for one in view.document["trends"]]


def effects(view: ClientView, after: str) -> list[Helped]:
    """What each option did by the session's end (`session`) or by the `next-morning`."""
    found = [one for one in view.document["effects"] if one["after"] == after]
    found.sort(key=lambda one: float(one["mean"]))
    return [_helped(view, one) for one in found]


def scores(view: ClientView) -> list[Scored]:
    """Function: goals, stands from a chair, questionnaires; then and now."""
    gettext, found = view.words.translations.gettext, []
    goals, assessment = view.document["goals"], view.document["assessment"]
    if goals:
        first, newest = (", ".join(map(str, goals[which])) for which in ("first", "newest"))
        mine = gettext("Activities that matter to you")
        name = gettext("Activities that matter to the client") if view.to_others else mine
        hint = gettext("0 unable, 10 as before")
        found.append(Scored(name, _then_now(view, first, newest), hint))
    if assessment and assessment["chair_stand"] is not None:
        name = gettext("Stands from a chair in 30 seconds")
        found.append(Scored(name, str(assessment["chair_stand"]), gettext("Higher is better")))
    for code in get_args(Instrument):
        known = [one for one in view.document["questionnaires"] if one["instrument"] == code]
        if not known:
            continue
        known.sort(key=lambda one: str(one["at"]))
        lower = instrument(code).better == "lower"
        hint = gettext("Lower is better") if lower else gettext("Higher is better")
        first, newest = view.number(known[0]["score"]), view.number(known[-1]["score"])
        name = view.words.label("instruments", code)
        found.append(Scored(name, _then_now(view, first, newest), hint))
    return found


def bar(low: float, high: float, at: float) -> Bar:
    """An interval as it is drawn."""
    left, right = _place(low), _place(high)
    return Bar(left, max(round(right - left, 1), THINNEST), _place(at))


def _place(value: float) -> float:
    within = min(max(value, -BAR_REACH), BAR_REACH)
    return round(50 + within * 50 / BAR_REACH, 1)


def _then_now(view: ClientView, then: str, now: str) -> str:
    if then == now:
        return now
    text = view.words.translations.gettext("%(then)s at first, %(now)s now")
    return text % {"then": then, "now": now}


def _moved(view: ClientView, one: View) -> Moved:
    gettext, label = view.words.translations.gettext, view.words.label
    ngettext = view.words.translations.ngettext
    n, low, high = one["n"], one["low"], one["high"]
    drawn = None
    if low is None or high is None:
        why = ngettext(
            "%(n)s day with an answer so far. Twelve days over four weeks are needed before"
            " a change can be told from chance.",
            "%(n)s days with an answer so far. Twelve days over four weeks are needed before"
            " a change can be told from chance.",
            n,
        ) % {"n": n}
    else:
        drawn = bar(low, high, (low + high) / 2)
        figures = {"n": n, "low": view.signed(low), "high": view.signed(high)}
        why = gettext(
            "The change lies between %(low)s and %(high)s points, with 95%% probability;"
            " days with an answer: %(n)s."
        )
        why %= figures
        if one["verdict"] == "unclear":
            why += " " + gettext("So it may be no change at all.")
        elif one["meaningful"]:
            own = gettext("That is enough to matter, and you say so yourself.")
            others = gettext("That is enough to matter, and the client says so.")
            why += " " + (others if view.to_others else own)
    name, code = one["measure"], one["verdict"]
    group = "instruments" if name in get_args(Instrument) else "measures"
    return Moved(label(group, name), code.replace(" ", "-"), label("verdicts", code), why, drawn)


def _helped(view: ClientView, one: View) -> Helped:
    text = view.words.translations.ngettext(
        "Pain afterwards: %(mean)s points, from %(n)s session. The true effect lies between"
        " %(low)s and %(high)s with 95%% probability.",
        "Pain afterwards: %(mean)s points, from %(n)s sessions. The true effect lies between"
        " %(low)s and %(high)s with 95%% probability.",
        one["n"],
    )
    figures = {name: view.signed(one[name]) for name in ("mean", "low", "high")}
    drawn = bar(one["low"], one["high"], one["mean"])
    name = view.option(one["option"])
    return Helped(name, text % (figures | {"n": one["n"]}), drawn, bool(one["best"]))
