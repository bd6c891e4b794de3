"""What a client's log says once the statistics have spoken: kept, and told where it is new."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.progress.domain import view
from services.progress.domain.care import Care, Effect, Proposal, Trend
from services.progress.domain.entries import Proposed, Reflected
from services.progress.domain.flaring import flare_alarmed
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, Step, next_entry, settle
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import EffectComputed, RecommendationProposed, TrendComputed
from shared.contracts.event import Event
from shared.options.catalogue import catalogue


def reflected(client: Client, entry: Reflected, rules: Rules) -> Outcome:
    """Keep what was computed; told are words and numbers that changed, a flare, a new set."""
    at = entry.at
    care = client.care.model_copy(update={"trends": entry.trends, "effects": entry.effects})
    seen = max(client.reflected_version, entry.up_to)
    after = replace(next_entry(client, at), care=care, reflected_version=seen)
    flare = _flare(after, entry, rules)
    after, moved = settle(client, flare.client, rules, at=at, check_in=None)
    proposed = _proposed(after, entry.proposal, entry.up_to, at, rules)
    after = proposed.client
    events: list[Event | view.Shown] = [
        *_trends_told(client.care, entry),
        *_effects_told(client.care, entry),
        *flare.events,
        *moved,
        *proposed.events,
    ]
    shown = replace(
        after,
        version=client.version,
        as_of=client.as_of,
        reported_version=client.reported_version,
        reflected_version=client.reflected_version,
    )
    if shown != client:
        events.append(view.Shown(after, rules))
    return Outcome(after, tuple(events))


def _flare(client: Client, entry: Reflected, rules: Rules) -> Step:
    if not entry.flare_alarm or not client.reports:
        return Step(client)
    # It began with the report that raised the alarm, however long the statistics took.
    heard = [one.at for one in client.reports if one.version <= entry.up_to]
    step = flare_alarmed(client, max(heard, default=entry.at), rules)
    if step.client.care.flare == client.care.flare:
        return Step(client)
    # What is safe has changed: the statistics look once more, and propose then.
    return replace(step, client=replace(step.client, reported_version=client.version))


def _proposed(
    client: Client, proposal: Proposed | None, version: int, at: datetime, rules: Rules
) -> Step:
    if proposal is None or not _safe(client, proposal, rules):
        return Step(client)
    kept = Proposal(
        id=proposal.set_id,
        at=at,
        options=proposal.options,
        seed=proposal.seed,
        model_version=proposal.model_version,
        plan=proposal.plan_id,
        version=version,
    )
    told = RecommendationProposed(
        client_id=client.id,
        set_id=proposal.set_id,
        set=proposal.options,
        # The store keeps no order of names, and the same log makes the same bytes.
        propensities=dict(sorted(proposal.propensities.items())),
        seed=proposal.seed,
        model_version=proposal.model_version,
        masked=dict(sorted(proposal.masked.items())),
        at=at,
    )
    care = client.care.model_copy(update={"proposal": kept})
    return Step(replace(client, care=care), (told,))


def _safe(client: Client, proposal: Proposed, rules: Rules) -> bool:
    # Judged again where it counts: an entry may have come between drawing and applying.
    plan = client.care.plan
    if plan is None or plan.id != proposal.plan_id:
        return False
    options, mask = catalogue().by_code(), Mask(client, rules, view.today(client, rules))
    return all(code in options and mask.why_not(options[code]) is None for code in proposal.options)


def _trends_told(care: Care, entry: Reflected) -> Iterator[Event]:
    known = {one.measure: _said(one) for one in care.trends}
    for one in entry.trends:
        if known.get(one.measure) != _said(one):
            yield TrendComputed(
                client_id=entry.client_id,
                at=entry.at,
                **one.model_dump(),
            )


def _said(trend: Trend) -> tuple[object, ...]:
    # How many reports there are is no news by itself.
    return trend.verdict, trend.meaningful, trend.low, trend.high


def _effects_told(care: Care, entry: Reflected) -> Iterator[Event]:
    known: set[Effect] = set(care.effects)
    for one in entry.effects:
        if one not in known:
            yield EffectComputed(client_id=entry.client_id, at=entry.at, **one.model_dump())
