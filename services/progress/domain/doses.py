"""How a dose is counted, and what it is for today."""

from typing import Literal

from services.progress.domain.mask import Today
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import PlanItem

Variable = Literal["minutes", "repetitions"]
"""What rules move: never how often, and never two at a time."""

REDUCE = "reduce-dose"
"""The action code of rules that ask for less today."""

FLARE = "T1"


def today_dose(item: PlanItem, client: Client, rules: Rules, today: Today) -> PlanItem:
    """An option's dose for today: less where a rule asks for it, the last safe one when the
    morning after the newest step up was never told."""
    variable = variable_of(item)
    if variable is None:
        return item
    newest = client.care.revised[-1] if client.care.revised else None
    if client.care.misses and newest and newest.option == item.option:
        item = item.model_copy(
            update={newest.variable: min(newest.before, amount_of(item, newest.variable))}
        )
    rule = today.asked_by(REDUCE)
    if rule is None:
        return item
    figures = rules.dose
    percent = figures.flare_percent if rule == FLARE else figures.hard_day_percent
    return item.model_copy(update={variable: less(amount_of(item, variable), percent)})


def variable_of(item: PlanItem) -> Variable | None:
    if item.minutes is not None:
        return "minutes"
    return None if item.repetitions is None else "repetitions"


def amount_of(item: PlanItem, variable: str) -> int:
    amount: int = getattr(item, variable)
    return amount


def share(amount: int, percent: int) -> int:
    """That part of an amount, rounded up: one unit at least."""
    return -(-amount * percent // 100)


def less(amount: int, percent: int) -> int:
    return max(1, amount - share(amount, percent))
