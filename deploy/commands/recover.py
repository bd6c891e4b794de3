"""`limber recover`: after a restore a service hears again what its database does not know."""

import asyncio
from datetime import timedelta
from typing import Annotated

import asyncpg
import typer
from aiokafka.errors import KafkaError

from deploy.commands.backup import moment
from deploy.commands.database import SERVICES
from deploy.commands.failure import Failure
from deploy.recovery.offsets import GroupBusyError, UnknownGroupError, set_back
from deploy.recovery.schema import SchemaError, take_over
from deploy.stack import find_stack

OVERLAP = timedelta(hours=1)
"""Further back than the moment: what a service had not handled yet was published before it. What
it had handled its inbox knows, so more costs time alone."""


def register(app: typer.Typer) -> None:
    """Add `recover offsets` and `recover schema`."""
    group = typer.Typer(no_args_is_help=True, help="The way back after a restore.")
    group.command("offsets")(offsets)
    group.command("schema")(schema)
    app.add_typer(group, name="recover")


def offsets(
    service: Annotated[str, typer.Option(help="booking, notify or progress; it is stopped.")],
    to: Annotated[str, typer.Option(help="The moment its database was restored to, RFC 3339.")],
) -> None:
    """Set the service's place in its topics back to an hour before a moment."""
    _known(service)
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


def schema(
    service: Annotated[str, typer.Option(help="booking, notify or progress; it is stopped.")],
    source: Annotated[
        str, typer.Option("--from", help="The superuser's URL of the restored server.")
    ],
) -> None:
    """Replace one service's tables by those of a server that was restored beside this one."""
    _known(service)
    try:
        taken = asyncio.run(take_over(source, find_stack().database_url, service))
    except (SchemaError, OSError, asyncpg.PostgresError) as fault:
        raise Failure(f"not taken over: {fault}") from None
    for table in taken:
        typer.echo(f"{table.table} {table.rows}")


def _known(service: str) -> None:
    if service not in SERVICES:
        raise Failure(f"no service is called {service!r}; there are {', '.join(SERVICES)}")
