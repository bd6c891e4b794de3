"""What people say about proposals: a client what counts, a trainer what to take instead."""

import math
from dataclasses import replace

from services.progress.domain import view
from services.progress.domain.care import Swapped, Weights
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, done, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.care import SwapSubmitted, WeightsSubmitted
from shared.contracts.conclusions import RecommendationOverridden
from shared.options.catalogue import catalogue

TOLERANCE = 1e-3
"""Thirds and sixths are written with three digits."""

SWAPS_KEPT = 50
"""One a session for half a year; after it a swap counts for little."""


def weights(client: Client, submission: WeightsSubmitted, rules: Rules) -> Outcome:
    """Keep what counts for a client when options are ranked; the next set follows it."""
    parts = (submission.relief, submission.enjoyment, submission.done, submission.next_day)
    if not all(math.isfinite(part) and part >= 0 for part in parts):
        return refused(client, submission, rule=None, reason="Every part is 0 or more.")
    if abs(math.fsum(parts) - 1) > TOLERANCE + 1e-9:
        return refused(client, submission, rule=None, reason="The parts have to sum to 1.")
    relief, enjoyment, did, next_day = parts
    kept = Weights(relief=relief, enjoyment=enjoyment, done=did, next_day=next_day)
    after = next_entry(client, submission.submitted_at)
    after = replace(after, care=after.care.model_copy(update={"weights": kept}))
    return done(client, after, submission, rules)


def swap(client: Client, submission: SwapSubmitted, rules: Rules) -> Outcome:
    """Take another option into the newest set; refused where it is not safe, with the rule."""
    proposal = client.care.proposal
    taken = catalogue().by_code().get(submission.taken)
    if proposal is None or proposal.id != submission.set_id:
        return refused(client, submission, rule=None, reason="There is a newer set by now.")
    if submission.given_up not in proposal.options:
        return refused(client, submission, rule=None, reason="The set does not hold that option.")
    if taken is None:
        return refused(client, submission, rule=None, reason="The catalogue has no such option.")
    if taken.code in proposal.options:
        return refused(client, submission, rule=None, reason="The set holds that option already.")
    now = next_entry(client, submission.submitted_at)
    if masked := Mask(now, rules, view.today(now, rules)).why_not(taken):
        reason = f"{taken.code}: {masked.detail}"
        return refused(client, submission, rule=masked.rule, reason=reason)
    given_up, at = submission.given_up, submission.submitted_at
    swapped = Swapped(at=at, given_up=given_up, taken=taken.code)
    options = tuple(taken.code if one == given_up else one for one in proposal.options)
    care = client.care.model_copy(
        update={
            "proposal": proposal.model_copy(update={"options": options}),
            "swaps": (*client.care.swaps, swapped)[-SWAPS_KEPT:],
        }
    )
    told = RecommendationOverridden(
        client_id=client.id, set_id=proposal.id, given_up=given_up, taken=taken.code, at=at
    )
    return done(client, replace(now, care=care), submission, rules, [told])
