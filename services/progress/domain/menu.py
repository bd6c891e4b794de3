"""What a client can choose from today: the active plan through the mask, with today's doses."""

from dataclasses import dataclass

from services.progress.domain.doses import REDUCE, today_dose
from services.progress.domain.drafting import FAMILIES, Draft
from services.progress.domain.mask import QUIET, Mask, Today
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import PlanItem
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Family


@dataclass(frozen=True)
class Choice:
    """An option with today's dose; `planned` is false where it fills a family's place."""

    item: PlanItem
    planned: bool


def menu(client: Client, rules: Rules, today: Today) -> tuple[Choice, ...]:
    """Mobility, strength, low-impact and calm, as far as today allows; empty without a plan.

    A family that the plan leaves empty gets an easier step of the plan, else what fits best; on a
    day on which a rule says "nothing new", calm options alone.
    """
    plan = client.care.plan
    if plan is None:
        return ()
    options, mask = catalogue().by_code(), Mask(client, rules, today)
    choices = [
        Choice(today_dose(item, client, rules, today), planned=True)
        for item in plan.items
        if item.option in options and mask.why_not(options[item.option]) is None
    ]
    covered = {choice.item.family for choice in choices}
    draft = Draft(client, rules)
    planned = [options[item.option] for item in plan.items if item.option in options]
    for family in FAMILIES:
        new_is_fine = family in QUIET or today.asked_by(REDUCE) is None
        if family not in covered and new_is_fine:
            fill = _fill(family, planned, draft, mask)
            if fill is not None:
                choices.append(Choice(draft.item(fill), planned=False))
    order = {family: number for number, family in enumerate(FAMILIES)}
    return tuple(sorted(choices, key=lambda choice: order[choice.item.family]))


def _fill(family: Family, planned: list[Option], draft: Draft, mask: Mask) -> Option | None:
    allowed = mask.allowed(catalogue().select(family=family))
    steps = {code for option in planned for code in option.easier}
    easier = [option for option in allowed if option.code in steps]
    return next(iter(easier or draft.ranked(allowed)), None)
