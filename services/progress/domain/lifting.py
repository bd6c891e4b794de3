"""A trainer, having spoken with the client, ends a hold."""

from dataclasses import replace

from services.progress.domain.care import Unlocked
from services.progress.domain.model import Client, Hold
from services.progress.domain.outcome import Outcome, done, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.progress import SafetyHoldLifted
from shared.contracts.submissions import HoldLiftSubmitted

UNLOCKED_KEPT = 200
"""Unlocked options remembered, newest last: more than the catalogue has."""


def lift(client: Client, submission: HoldLiftSubmitted, rules: Rules) -> Outcome:
    """End a standing hold; the level then is unknown until the next check-in. Or refuse."""
    rest = tuple(hold for hold in client.holds if hold.id != submission.hold_id)
    if len(rest) == len(client.holds):
        reason = "No such hold stands: it is unknown, or was lifted before."
        return refused(client, submission, rule=None, reason=reason)
    was = next(hold for hold in client.holds if hold.id == submission.hold_id)
    after = replace(next_entry(client, submission.submitted_at), holds=rest)
    if was.kind == "session" or _was_all_of_the_newest(client, was, rest):
        after = replace(after, lifted_version=after.version)
    if was.kind == "option":
        after = _unlock(after, was.option)
    lifted = SafetyHoldLifted(
        client_id=client.id,
        hold_id=was.id,
        lifted_by=submission.submitted_by,
        at=submission.submitted_at,
    )
    return replace(done(client, after, submission, rules, [lifted]), lifted=(was.id,))


def _was_all_of_the_newest(client: Client, was: Hold, rest: tuple[Hold, ...]) -> bool:
    # A level that comes from a hold ends with the last hold of its report.
    newest = client.reports[0] if client.reports else None
    of_newest = newest is not None and was.check_in_id == newest.id
    return of_newest and all(hold.check_in_id != was.check_in_id for hold in rest)


def _unlock(client: Client, option: str | None) -> Client:
    others = [one for one in client.care.unlocked if one.option != option]
    kept = (*others, Unlocked(option=option, version=client.version))[-UNLOCKED_KEPT:]
    return replace(client, care=client.care.model_copy(update={"unlocked": kept}))
