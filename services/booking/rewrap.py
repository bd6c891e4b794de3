"""New wraps for all clients' keys: `python -m services.booking.rewrap`, after a new master key.

Set the new key as BOOKING_KEY_ENCRYPTION_KEY and the one before as BOOKING_KEY_ENCRYPTION_KEY_OLD,
start booking with both, and run this. A day later no kept answer needs the old key: start booking
without it and destroy it. From then on no older backup opens anything.
"""

import asyncio
from uuid import UUID

from services.booking.settings import BookingSettings
from services.booking.store.client_keys import ClientKeys, rewrap, rewrap_notes
from shared.postgres import Database

FIRST = UUID(int=0)


async def _run(settings: BookingSettings) -> int:
    url = settings.database_url.get_secret_value()
    done = 0
    async with Database(url, "booking", pool_max=2).opened() as db:
        after: UUID | None = FIRST
        while after is not None:
            async with db.transaction() as tx:
                after, wrapped = await rewrap(tx, settings.master_key, after)
            done += wrapped
        async with db.transaction() as tx:
            await rewrap_notes(tx, ClientKeys(settings.master_key))
    return done


def main() -> None:
    """Wrap all keys anew, and say how many."""
    print(f"{asyncio.run(_run(BookingSettings()))} keys are wrapped with the newest master key")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
