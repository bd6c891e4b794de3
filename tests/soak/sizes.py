"""What lives leave behind: bytes of each table and topic."""

from dataclasses import dataclass
from pathlib import Path

import asyncpg

_TABLES = """
select schemaname || '.' || relname as name, pg_total_relation_size(relid) as bytes,
    n_live_tup as rows
from pg_stat_user_tables where schemaname in ('booking', 'notify', 'progress')
"""

_VACUUM = "vacuum analyze"


@dataclass(frozen=True)
class Sizes:
    """Bytes by table, with indexes and what is kept aside of rows, and by topic; rows by table."""

    tables: dict[str, int]
    rows: dict[str, int]
    topics: dict[str, int]

    def schema(self, name: str) -> int:
        """Bytes of all tables of a schema."""
        return sum(size for table, size in self.tables.items() if table.startswith(f"{name}."))


async def measure(database_url: str, home: Path) -> Sizes:
    """Measure a stack that is at rest, in its home."""
    connection = await asyncpg.connect(database_url)
    try:
        # Counts of rows are estimates until they are taken anew.
        await connection.execute(_VACUUM)
        found = await connection.fetch(_TABLES)
    finally:
        await connection.close()
    return Sizes(
        tables={row["name"]: row["bytes"] for row in found},
        rows={row["name"]: row["rows"] for row in found},
        topics=_topics(home / "kafka" / "data"),
    )


def _topics(data: Path) -> dict[str, int]:
    """Bytes of the log files; indexes are laid out larger than what they hold."""
    sizes: dict[str, int] = {}
    for log in data.glob("*/*.log"):
        topic = log.parent.name.rpartition("-")[0]
        if not topic.startswith("__"):
            sizes[topic] = sizes.get(topic, 0) + log.stat().st_size
    return sizes
