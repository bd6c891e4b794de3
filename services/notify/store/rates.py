"""What a provider may get, shared by all replicas: one row each, one statement a share."""

from datetime import timedelta

from shared.postgres import Database


class Rates:
    """The shares of rates; by the database's clock, which no test shifts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take_share(self, provider: str, length: timedelta) -> timedelta:
        """Take the next share of a provider's rate: zero, or how long to wait for it.

        `length` is the time that the share's messages may fill.
        """
        async with self._db.reading() as connection:
            taken = await connection.fetchval(
                "insert into rates as r (provider, due_at) values ($1, clock_timestamp() + $2)"
                " on conflict (provider) do update"
                " set due_at = greatest(r.due_at, clock_timestamp()) + $2"
                " where r.due_at <= clock_timestamp() returning true",
                provider,
                length,
            )
            if taken:
                return timedelta(0)
            wait = await connection.fetchval(
                "select greatest(due_at - clock_timestamp(), interval '1 millisecond')"
                " from rates where provider = $1",
                provider,
            )
            return wait or timedelta(0)
