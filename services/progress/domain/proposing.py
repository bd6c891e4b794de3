"""The set of options to propose for the next session: when there is one, and from what."""

from datetime import datetime
from uuid import uuid5

from services.progress.domain import pool, recommend, view
from services.progress.domain.care import Care, Plan
from services.progress.domain.drafting import Draft
from services.progress.domain.entries import Proposed
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.responses import DAY_S, Session, rewards
from services.progress.domain.rules import Rules
from shared.options.catalogue import Option, catalogue

MODEL_VERSION = f"{recommend.MODEL_VERSION}+{pool.VERSION}"

CHANCE_DIGITS = 6
"""A chance of less than one in a million is told as zero."""


def due(client: Client) -> Plan | None:
    """The plan that a new set is due for: it has just begun, or a morning was told since."""
    plan, known = client.care.plan, client.care.proposal
    if plan is None:
        return None
    if known is None or known.plan != plan.id:
        return plan
    told = any(one.kind == "next-morning" and one.version > known.version for one in client.reports)
    return plan if told else None


def propose(client: Client, sessions: list[Session], at: datetime, rules: Rules) -> Proposed | None:
    """A set for the next session, where one is due; a pure function of client and log.

    Considered is what the plan holds, what was done, and what would suit as well; of the rest of
    the catalogue it says why it was masked. While all of it is masked nothing is proposed.
    """
    plan = due(client)
    if plan is None:
        return None
    mask = Mask(client, rules, view.today(client, rules))
    planned = {item.option for item in plan.items}
    scores = rewards(sessions, weights(client.care), at)
    fitting = {option.code for option in Draft(client, rules).ranked(catalogue().options)}
    considered = planned | fitting | set(scores)
    candidates = []
    masked: dict[str, str] = {}
    for option in catalogue().options:
        why = mask.why_not(option)
        if why is not None:
            masked[option.code] = f"{why.rule}:{why.code}"
        elif option.code in considered:
            candidates.append(
                recommend.Candidate(
                    option.code,
                    option.family,
                    pool.worth(option, client.care.screening, planned),
                    pool.DOUBT,
                    rewards=scores.get(option.code, ()),
                    swaps=_swaps(client.care, option, at),
                )
            )
    if not candidates:
        return None
    seed = uuid5(client.id, f"set {client.version}").int
    drawn = recommend.propose(candidates, seed=seed)
    return Proposed(
        set_id=uuid5(client.id, f"proposal {client.version}"),
        plan_id=plan.id,
        options=drawn.chosen,
        propensities={one.option: round(one.propensity, CHANCE_DIGITS) for one in drawn.considered},
        seed=str(seed),
        model_version=MODEL_VERSION,
        masked=masked,
    )


def weights(care: Care) -> recommend.Weights:
    """What counts for the client, or for everybody who has not said."""
    own = care.weights
    if own is None:
        return recommend.Weights()
    return recommend.Weights(own.relief, own.enjoyment, own.done, own.next_day)


def _swaps(care: Care, option: Option, at: datetime) -> tuple[recommend.Swap, ...]:
    def age(then: datetime) -> float:
        return max((at - then).total_seconds() / DAY_S, 0.0)

    return tuple(
        recommend.Swap(away=one.given_up == option.code, age_days=age(one.at))
        for one in care.swaps
        if option.code in {one.given_up, one.taken}
    )
