"""A client's safety moved: their trainers hear at once, in an emergency the leads too."""

from datetime import datetime, timedelta

from services.notify.domain import plan
from services.notify.handlers.telling import Heard
from services.notify.store import projections
from shared.contracts.event import Envelope
from shared.contracts.progress import SafetyHoldPlaced, SafetyLevelChanged
from shared.postgres import Transaction

TRAINER_FOR = timedelta(days=90)
"""Who trained a client within this time, or will, hears of a hold that names no trainer."""


async def alarm_raised(
    tx: Transaction, event: Envelope[SafetyLevelChanged] | Envelope[SafetyHoldPlaced], now: datetime
) -> Heard:
    """Tell whoever must hear of it."""
    fact = event.data
    alert = plan.alert_from(fact)
    if alert is None:
        return Heard()
    named = fact.trainer_ids if isinstance(fact, SafetyLevelChanged) else ()
    recipients = set(
        named or await projections.trainers_of(tx, fact.client_id, since=alert.at - TRAINER_FOR)
    )
    if alert.level == "emergency":
        await projections.save_alert(tx, alert)
        recipients.update(await projections.leads(tx))
    return Heard(plan.from_alert(alert, sorted(recipients), now=now))
