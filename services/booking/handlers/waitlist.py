"""Waiting for a time: joining, leaving, and what becomes of an offer."""

from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


async def offer_booked(tx: Transaction, hold_id: UUID, *, now: datetime) -> None:
    """The hold of an offer became a booking: its client waits no more. Other holds: nothing."""
