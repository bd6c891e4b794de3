"""Machines that live at the front door: hypothesis chooses the steps, a database answers."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, run_state_machine_as_test

from tests.integration.booking import front_door
from tests.integration.booking.front_door import FrontDoor, Home
from tests.proofs.scale import cases

T = TypeVar("T")


class DoorMachine(RuleBasedStateMachine):
    """A life that begins on the first day, on a loop of its own: hypothesis does not await."""

    runner: asyncio.Runner
    home: Home

    def __init__(self) -> None:
        super().__init__()
        self.people = 0
        self.opened: Any = None
        self.door: FrontDoor

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something on the machine's own loop."""
        return self.runner.run(work)

    @initialize()
    def open_on_the_first_day(self) -> None:
        """Nobody has booked anything."""
        self.run(self.home.clear())
        self.opened = front_door.opened(self.home.db)
        self.door = self.run(self.opened.__aenter__())

    def teardown(self) -> None:
        """Close the door."""
        if self.opened is not None:
            self.run(self.opened.__aexit__(None, None, None))

    def a_new_client(self) -> str:
        """The address of somebody who was never here."""
        self.people += 1
        return f"c{self.people}@example.org"


def live(
    machine: type[DoorMachine], database_url: str, template: str, *, lives: int, steps: int
) -> None:
    """Let a machine live many lives on a database of its own.

    Raises:
        AssertionError: a step or an invariant of a life failed.
    """
    with asyncio.Runner() as runner:
        opening = front_door.fresh_database(database_url, template)
        machine.runner, machine.home = runner, runner.run(opening.__aenter__())
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=cases(lives),
                    stateful_step_count=steps,
                    deadline=None,
                    # Each step asks a database: shrinking would take many minutes.
                    phases=[Phase.reuse, Phase.generate],
                    suppress_health_check=list(HealthCheck),
                    print_blob=True,
                ),
            )
        finally:
            runner.run(opening.__aexit__(None, None, None))
