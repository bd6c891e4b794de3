"""`limber up`: the embedded stack in the foreground."""

import asyncio
import os
from dataclasses import replace
from typing import Annotated

import typer

from deploy.commands.failure import Failure
from deploy.stack import home_directory

DEFAULT_PORT = 8000
HIGHEST_PORT = 65_535


def register(app: typer.Typer) -> None:
    """Add `up`."""
    app.command()(up)


def up(
    *,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Make sure the demo data is there.")
    ] = True,
    replicas: Annotated[
        str, typer.Option(help="Processes of each service, such as booking=2,progress=3.")
    ] = "",
) -> None:
    """Start PostgreSQL, Kafka, an inbox and the services; Ctrl-C stops them."""
    try:
        # The packages of the embedded stack are an extra; the containers live without.
        from deploy.embedded import services, supervisor  # noqa: PLC0415
        from deploy.embedded.errors import StackError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Failure(
            f"{error.name} is missing: install limber[embedded] to run the stack here"
        ) from error
    programs = services.Programs()
    if not demo:
        programs = replace(programs, demo=None)
    try:
        asyncio.run(
            supervisor.up(
                home_directory(),
                counts=services.replicas(replicas),
                base_port=_port(),
                programs=programs,
            )
        )
    except StackError as error:
        raise Failure(str(error)) from None


def _port() -> int:
    text = os.environ.get("LIMBER_PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise Failure(f"LIMBER_PORT must be a port number, not {text!r}")
    return int(text)
