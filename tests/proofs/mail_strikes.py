"""Kills replicas of notify and its Postgres, now and then and at the worst moments."""

import asyncio
import random
import signal
from dataclasses import dataclass, field

from tests.proofs.notify_stack import NotifyStack
from tests.proofs.recording import RecordingOffice


@dataclass(frozen=True)
class Weather:
    """How rough it is: seconds between strikes (none in the small proof: a lone replica or
    Postgres that dies costs the others a lease of real time), and rounds between blows."""

    every_s: tuple[float, float] | None
    blow_every: int


ROUGH_FOR_A_MOMENT = Weather(None, 5)

ROUGH_FOR_LONG = Weather((20.0, 60.0), 8)


@dataclass
class Strikes:
    """Strikes replicas and Postgres while the world lives."""

    stack: NotifyStack
    office: RecordingOffice
    weather: Weather
    chance: random.Random
    rounds: int = 0
    _burying: asyncio.Event = field(default_factory=asyncio.Event)

    def another_round(self) -> None:
        """Now and then a blow at the worst moment: around the handing over of the next text."""
        self.rounds += 1
        if self.rounds % self.weather.blow_every:
            return
        match self.rounds // self.weather.blow_every % 3:
            case 0:
                self.office.before_data = self._everybody
            case 1:
                self.office.after_data = self._everybody
            case _:
                self.office.after_data = self._everybody_and_postgres

    def begin(self) -> list[asyncio.Task[None]]:
        """Strike until the tasks are cancelled."""
        tasks = [self._bury()]
        if self.weather.every_s is not None:
            tasks += [self._replicas(self.weather.every_s), self._postgres(self.weather.every_s)]
        return [asyncio.create_task(task) for task in tasks]

    def _everybody(self, _: int) -> bool:
        if self._burying.is_set():
            return False
        self.stack.strike_all()
        self._burying.set()
        return True

    def _everybody_and_postgres(self, sender: int) -> bool:
        if not self._everybody(sender):
            return False
        self.stack.strike_postgres(signal.SIGKILL)
        return True

    async def _bury(self) -> None:
        """Let the killed ones' leases pass, then start again."""
        while True:
            await self._burying.wait()
            await self.stack.let_the_dead_pass()
            self._burying.clear()

    async def _replicas(self, every_s: tuple[float, float]) -> None:
        """Kill one replica now and then; the other waits out its leases."""
        while True:
            await asyncio.sleep(self.chance.uniform(*every_s))
            self.chance.choice(self.stack.replicas).strike()

    async def _postgres(self, every_s: tuple[float, float]) -> None:
        """Stop Postgres now and then: in order, at once, or by death."""
        while True:
            await asyncio.sleep(self.chance.uniform(*every_s))
            how = self.chance.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
            self.stack.strike_postgres(how)
