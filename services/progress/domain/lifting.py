"""A trainer, having spoken with the client, ends a hold."""

from dataclasses import replace

from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, done, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.progress import SafetyHoldLifted
from shared.contracts.submissions import HoldLiftSubmitted


def lift(client: Client, submission: HoldLiftSubmitted, rules: Rules) -> Outcome:
    """End a standing hold; the level then is unknown until the next check-in. Or refuse."""
    rest = tuple(hold for hold in client.holds if hold.id != submission.hold_id)
    if len(rest) == len(client.holds):
        reason = "No such hold stands: it is unknown, or was lifted before."
        return refused(client, submission, rule=None, reason=reason)
    was = next(hold for hold in client.holds if hold.id == submission.hold_id)
    after = replace(next_entry(client, submission.submitted_at), holds=rest)
    if was.kind == "session":
        after = replace(after, lifted_version=after.version)
    lifted = SafetyHoldLifted(
        client_id=client.id,
        hold_id=was.id,
        lifted_by=submission.submitted_by,
        at=submission.submitted_at,
    )
    return replace(done(client, after, submission, rules, [lifted]), lifted=(was.id,))
