"""Time off: added and removed under the trainer's lock."""

from datetime import datetime
from uuid import UUID

from services.booking.domain import schedule as rules
from services.booking.handlers import freed
from services.booking.queries import agenda
from services.booking.queries.agenda import Coming
from services.booking.store import schedule, time_off
from services.booking.store.time_off import TimeOff
from services.booking.store.trainers import lock_trainers
from shared.errors import Conflict, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction


async def take_time_off(
    tx: Transaction,
    trainer_id: UUID,
    start: datetime,
    end: datetime,
    *,
    reason: str | None,
    created_by: UUID,
    now: datetime,
) -> tuple[TimeOff, list[Coming]]:
    """Take time off; bookings in it stand, and are returned for the trainer to move.

    Raises:
        Invalid: the range is wrong.
        NotFound: the person is no trainer.
        Conflict: the trainer has more coming time off than anybody needs.
    """
    rules.check_time_off(start, end, now=now)
    await lock_trainers(tx, [trainer_id])
    # Raises where there is no trainer, whom a lock cannot tell from one who is there.
    await schedule.find_settings(tx, trainer_id)
    if await time_off.count_coming(tx, trainer_id, now=now) >= rules.MOST_TIME_OFF:
        raise Conflict(
            "too-much-time-off",
            f"A trainer can plan {rules.MOST_TIME_OFF} absences ahead. Remove some, or change the"
            " weekly hours.",
        )
    off = TimeOff(new_id(), trainer_id, start, end, reason)
    await time_off.add_time_off(tx, off, created_by=created_by, now=now)
    coming = await agenda.coming(tx, trainer_id, now=now)
    return off, [one for one in coming if one.start < end and start < one.end]


async def give_up_time_off(
    tx: Transaction, trainer_id: UUID, off_id: UUID, *, now: datetime
) -> None:
    """Work after all; the time goes to who waits for it.

    Raises:
        NotFound: the trainer has no such time off.
    """
    await lock_trainers(tx, [trainer_id])
    off = await time_off.remove_time_off(tx, trainer_id, off_id)
    if off is None:
        raise NotFound("no-such-time-off", "There is no such time off of this trainer.")
    if off.end > now:
        await freed.time_freed(tx, trainer_id, max(off.start, now), off.end, now=now)
