"""`limber token`: a bearer token for a person; it needs the database, so it is for operators."""

import asyncio
from typing import Annotated

import typer

from deploy.commands.database import connected
from deploy.commands.failure import Failure
from deploy.stack import find_stack
from services.booking.domain.links import LinkSigner
from services.booking.handlers.sign_in import open_session
from services.booking.store.people import lock_person_by_email
from shared.clock import OffsetClock


def register(app: typer.Typer) -> None:
    """Add `token`."""
    app.command()(token)


def token(email: Annotated[str, typer.Argument(help="The address of the person.")]) -> None:
    """Print a bearer token for an existing person."""
    typer.echo(asyncio.run(_open(email)))


async def _open(email: str) -> str:
    stack = find_stack()
    now = OffsetClock(stack.clock_file)()
    # A pass of staff is told as it is when they sign in, with the links that booking signs.
    signer = LinkSigner(stack.booking_secret.encode())
    async with connected(stack, "booking") as connection, connection.transaction():
        person = await lock_person_by_email(connection, email)
        if person is None:
            raise Failure(f"nobody with the address {email}")
        session = await open_session(connection, person, signer=signer, now=now)
    return session.token
