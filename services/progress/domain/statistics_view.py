"""The view's parts about statistics and proposals, ready for JSON."""

from typing import Any

from services.progress.domain import effect
from services.progress.domain.care import Care, Effect
from services.progress.domain.mask import Mask, Today
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.clock import rfc3339
from shared.options.catalogue import catalogue


def trends(care: Care) -> list[dict[str, Any]]:
    """Where each measure goes, with the share of days (or sessions) that were told of."""
    return [one.model_dump(mode="json") for one in care.trends]


def effects(care: Care) -> list[dict[str, Any]]:
    """What each option did; `best` where it lies apart from every other, and nowhere else."""
    best = {
        (after, effect.compare([_compared(one) for one in care.effects if one.after == after]).best)
        for after in ("session", "next-morning")
    }
    return [
        one.model_dump(mode="json") | {"best": (one.after, one.option) in best}
        for one in care.effects
    ]


def recommendation(client: Client, rules: Rules, today: Today) -> dict[str, Any] | None:
    """The newest set; an option that has become unsafe since says by which rule."""
    known = client.care.proposal
    if known is None:
        return None
    options, mask = catalogue().by_code(), Mask(client, rules, today)
    items = []
    for code in known.options:
        why = mask.why_not(options[code]) if code in options else None
        masked = None if why is None else {"rule": why.rule, "code": why.code}
        items.append({"option": code, "masked": masked})
    return {
        "id": str(known.id),
        "at": rfc3339(known.at),
        "set": items,
        "model_version": known.model_version,
    }


def weights(care: Care) -> dict[str, float] | None:
    """What counts for the client, where they have said."""
    return None if care.weights is None else care.weights.model_dump()


def flare(care: Care) -> dict[str, Any] | None:
    """The flare that runs, or the last one."""
    known = care.flare
    if known is None:
        return None
    return {
        "id": str(known.id),
        "by": known.by,
        "since": rfc3339(known.since),
        "resolved_at": None if known.resolved_at is None else rfc3339(known.resolved_at),
        "usual": known.usual,
    }


def _compared(one: Effect) -> effect.Effect:
    return effect.Effect(one.option, one.n, one.mean, one.low, one.high)
