"""A client's safety moved: who must hear of it hears at once, others when nobody looks."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain import plan_safety
from services.notify.domain.templates import ALERTED_FOR
from services.notify.handlers.telling import Heard
from services.notify.store import alerts, projections, schedule
from shared.contracts.booking import SafetyAcknowledged
from shared.contracts.event import Envelope
from shared.contracts.progress import (
    RuleFired,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
)
from shared.postgres import Transaction


async def alarm_raised(
    tx: Transaction, event: Envelope[SafetyLevelChanged] | Envelope[SafetyHoldPlaced], now: datetime
) -> Heard:
    """Tell the trainers, leads where the rule names them, and have the ladder ready."""
    fact = event.data
    alert = plan_safety.alert_from(fact)
    if alert is None or alert.at + ALERTED_FOR <= now:
        return Heard()
    trainers = await _trainers(tx, fact.client_id, fact.trainer_ids, alert.at)
    alert, waits = await alerts.save_alert(tx, alert, trainers)
    on_call = await projections.on_call(tx)
    leads = [person for person, role in on_call.items() if role == "lead"]
    told = plan_safety.alerts(alert, [*trainers, *(leads if alert.for_leads else ())], now=now)
    if waits:
        told += plan_safety.escalations(alert, on_call, told_at=now, now=now)
    return Heard(told)


async def acknowledged(
    tx: Transaction, event: Envelope[SafetyAcknowledged], now: datetime
) -> Heard:
    """Somebody has looked at the client: nobody else need be called."""
    fact = event.data
    await _looked_at(tx, fact.client_id, fact.acknowledged_by, fact.at, now)
    return Heard()


async def hold_lifted(tx: Transaction, event: Envelope[SafetyHoldLifted], now: datetime) -> Heard:
    """Whoever lifts a hold has looked at the client."""
    fact = event.data
    await _looked_at(tx, fact.client_id, fact.lifted_by, fact.at, now)
    return Heard()


async def rule_fired(tx: Transaction, event: Envelope[RuleFired], now: datetime) -> Heard:
    """The trainers should look; what is graver is told as an alert by its level or its hold."""
    fact = event.data
    if fact.level in plan_safety.ALARMING:
        return Heard()
    recipients: list[UUID] = []
    if "trainer" in fact.notify:
        recipients += await _trainers(tx, fact.client_id, fact.trainer_ids, fact.at)
    if "lead" in fact.notify:
        recipients += await _leads(tx)
    return Heard(plan_safety.notices(fact, recipients, now=now))


async def trainers_should_look(_: Transaction, event: Envelope[Any], now: datetime) -> Heard:
    """A flare began, or check-ins stay away: the trainers the event names, if it names some."""
    return Heard(plan_safety.notices(event.data, event.data.trainer_ids, now=now))


async def support_suggested(tx: Transaction, event: Envelope[Any], now: datetime) -> Heard:
    """Somebody should speak with the client about how they feel: the rule names the leads."""
    return Heard(plan_safety.notices(event.data, await _leads(tx), now=now))


async def _looked_at(
    tx: Transaction, client_id: UUID, by: UUID, at: datetime, now: datetime
) -> None:
    answered = await alerts.acknowledge(tx, client_id, by, at)
    if answered:
        await schedule.cancel_escalations(tx, answered, now=now)


async def _trainers(
    tx: Transaction, client_id: UUID, named: Collection[UUID], at: datetime
) -> list[UUID]:
    since = at - plan_safety.TRAINER_FOR
    return sorted(named or await projections.trainers_of(tx, client_id, since=since))


async def _leads(tx: Transaction) -> list[UUID]:
    on_call = await projections.on_call(tx)
    return [person for person, role in on_call.items() if role == "lead"]
