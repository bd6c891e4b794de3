"""`limber doctor`: is the installation well, and if not, what is to be done?"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from deploy.doctor import Finding, broker, database, house
from deploy.migrate import SERVICES
from deploy.stack import Stack, find_stack, home_directory

MOUNTED = Path("/run/limber")
"""Where containers get their secrets."""


def register(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command()(doctor)


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False
) -> None:
    """Check the running installation; exit code 1 when something does not work."""
    stack = find_stack()
    well = asyncio.run(_print_all(stack, as_json=as_json))
    raise typer.Exit(0 if well else 1)


async def _print_all(stack: Stack, *, as_json: bool) -> bool:
    well = True
    async for finding in look(stack):
        typer.echo(json.dumps(finding.document()) if as_json else finding.line())
        well &= finding.state != "fail"
    return well


async def look(stack: Stack) -> AsyncIterator[Finding]:
    """All checks, in an order in which a cause comes before what it causes.

    Raises:
        NoStack: neither a stack nor the environment says where to look.
    """
    async for finding in database.look(stack.database_url):
        yield finding
    async for finding in broker.look(stack.kafka):
        yield finding
    async for finding in house.services(_doors(stack)):
        yield finding
    async for finding in house.mail(_mail_servers(stack)):
        yield finding
    for finding in house.secrets(_secrets()):
        yield finding
    yield house.disk(_state())
    yield house.zones()


def _doors(stack: Stack) -> dict[str, str]:
    """The services by name: every process of an embedded stack, else the front door."""
    if stack.running is None:
        return {"booking": stack.base_url}
    return {
        name: f"http://127.0.0.1:{port}"
        for name, port in sorted(stack.running.ports.items())
        if name.rpartition("-")[0] in SERVICES
    }


def _mail_servers(stack: Stack) -> list[str]:
    named = os.environ.get("NOTIFY_SMTP_URLS", "")
    if not named and stack.running is not None:
        named = f"smtp://127.0.0.1:{stack.running.ports['smtp']}"
    return [address for address in named.split(",") if address.strip()]


def _secrets() -> list[Path]:
    own = home_directory() / "secrets.json"
    mounted = sorted(place for place in MOUNTED.glob("*") if place.is_file())
    return [*([own] if own.exists() else []), *mounted]


def _state() -> Path:
    home = home_directory()
    return home if home.exists() else Path("/")
