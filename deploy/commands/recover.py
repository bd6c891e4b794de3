"""`limber recover`: after a restore a service hears again what its database does not know."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from deploy.commands.backup import moment
from deploy.commands.database import SERVICES
from deploy.commands.failure import Failure
from deploy.recovery.offsets import GroupBusyError, UnknownGroupError, set_back
from deploy.stack import find_stack

OVERLAP = timedelta(hours=1)
"""Further back than the moment: what a service had not handled yet was published before it. What
it had handled its inbox knows, so more costs time alone."""


def register(app: typer.Typer) -> None:
    """Add `recover offsets`."""
    group = typer.Typer(no_args_is_help=True, help="The way back after a restore.")
    group.command("offsets")(offsets)
    app.add_typer(group, name="recover")
    group.callback()(_steps)


def _steps() -> None:
    """The way back after a restore; the order is in docs/recovery.md."""


def offsets(
    service: Annotated[str, typer.Option(help="booking, notify or progress; it is stopped.")],
    to: Annotated[str, typer.Option(help="The moment its database was restored to, RFC 3339.")],
) -> None:
    """Set the service's place in its topics back to an hour before a moment."""
    if service not in SERVICES:
        raise Failure(f"no service is called {service!r}; there are {', '.join(SERVICES)}")
    kafka = find_stack().kafka
    try:
        moved = asyncio.run(set_back(kafka, service, moment(to) - OVERLAP))
    except (GroupBusyError, UnknownGroupError) as fault:
        raise Failure(str(fault)) from None
    except KafkaError as fault:
        raise Failure(f"Kafka at {','.join(kafka.bootstrap)}: {fault}") from None
    for place in moved:
        if place.again:
            typer.echo(f"{place.topic}/{place.partition} {place.before} -> {place.after}")
    typer.echo(f"{sum(place.again for place in moved)} records will be heard again")
