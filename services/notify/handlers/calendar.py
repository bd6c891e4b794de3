"""The calendar: agendas, weekly summaries and tips are planned as their hour comes near."""

import asyncio
from collections.abc import Callable

import structlog

from services.notify.domain import recurring
from services.notify.store import calendar, schedule
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database

LOOK_EVERY_S = 2.0
"""Rows are planned an hour ahead, so this only matters where a clock is moved on."""

AT_ONCE = 200
"""People of one transaction: few enough to be quick, many enough that statements do not count."""

log = structlog.get_logger()


class Calendar:
    """Plans what comes by the calendar. Any number of replicas may run; twice plans once."""

    def __init__(self, db: Database, clock: Clock, scheduled: Callable[[], None]) -> None:
        """`scheduled` is called after a commit that planned something."""
        self._db = db
        self._clock = clock
        self._scheduled = scheduled

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                while await self.plan_due():
                    pass
            except TRANSIENT as fault:
                log.warning("calendar-waits", fault=type(fault).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def plan_due(self) -> int:
        """Plan for some people whose hour is near; returns how many were looked at."""
        now = self._clock()
        async with self._db.transaction() as tx:
            people = await calendar.people_to_plan(tx, now, limit=AT_ONCE)
            if not people:
                return 0
            dues = [
                due
                for person in people
                for due in recurring.due_now(
                    person["person_id"], person["role"], person["tz"], now=now
                )
            ]
            worth = await calendar.worth_telling(tx, dues)
            planned = await schedule.add(tx, [due.planned for due in worth], now=now)
            looks = (
                (one["person_id"], recurring.next_look(one["role"], one["tz"], now=now))
                for one in people
            )
            await calendar.look_again(tx, [(who, at) for who, at in looks if at is not None])
        if planned:
            self._scheduled()
        return len(people)
