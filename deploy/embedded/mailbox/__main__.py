"""`python -m deploy.embedded.mailbox --smtp-port N --http-port N --store FILE`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from deploy.embedded.mailbox import smtp
from deploy.embedded.mailbox.store import Store
from deploy.embedded.mailbox.web import Pages

HOST = "127.0.0.1"


def main(
    smtp_port: Annotated[int, typer.Option()],
    http_port: Annotated[int, typer.Option()],
    store: Annotated[Path, typer.Option()],
) -> None:
    """Serve the inbox until SIGTERM or SIGINT."""
    asyncio.run(serve(smtp_port, http_port, store))


async def serve(smtp_port: int, http_port: int, place: Path) -> None:
    """Serve both sides over one store."""
    store = Store(place)
    # One thread: SQLite writes one at a time anyway.
    with ThreadPoolExecutor(1) as disk:
        listener = await smtp.serve(store, disk, HOST, smtp_port)
        config = uvicorn.Config(
            Pages(store, disk).application(),
            host=HOST,
            port=http_port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        await uvicorn.Server(config).serve()
        listener.close()
    store.close()


if __name__ == "__main__":
    typer.run(main)
