"""`python -m shared.migrations.check`: migrations are in order, unchanged, and break nothing.

`seal` writes the checksums of new files into the committed `checksums.txt`.
"""

import sys

from shared.migrations import KIT, Migration, MigrationError, read_set
from shared.migrations.expand import breaks

CHECKSUMS = KIT / "checksums.txt"
SERVICES = KIT.parent.parent / "services"


def all_migrations() -> list[Migration]:
    """Every migration in the tree: the kit's and each service's."""
    sets = {"kit": KIT} | {
        folder.parent.name: folder for folder in sorted(SERVICES.glob("*/migrations"))
    }
    return [migration for name, folder in sets.items() for migration in read_set(name, folder)]


def sealed() -> dict[str, str]:
    """Checksums by `set/name`, as committed."""
    if not CHECKSUMS.exists():
        return {}
    pairs = (line.split() for line in CHECKSUMS.read_text().splitlines())
    return {name: checksum for checksum, name in pairs}


def faults() -> list[str]:
    """What stands against the tree's migrations; empty when all is well."""
    try:
        migrations = all_migrations()
    except MigrationError as fault:
        return [str(fault)]
    today = {f"{m.set}/{m.name}": m.checksum for m in migrations}
    committed = sealed()
    return [
        *(f"{name}: not sealed; run `seal`" for name in today.keys() - committed.keys()),
        *(f"{name}: sealed, but gone" for name in committed.keys() - today.keys()),
        *(
            f"{name}: changed after it was sealed; write a new migration instead"
            for name in today.keys() & committed.keys()
            if today[name] != committed[name]
        ),
        *(
            f"{m.set}/{m.name}: {what}; see docs/recovery.md, Releases side by side"
            for m in migrations
            for what in breaks(m)
        ),
    ]


def seal() -> None:
    """Add the checksums of new migrations; sealed ones stay as they are."""
    kept = {f"{m.set}/{m.name}": m.checksum for m in all_migrations()} | sealed()
    CHECKSUMS.write_text("".join(f"{checksum} {name}\n" for name, checksum in sorted(kept.items())))


def main(arguments: list[str]) -> int:
    """Seal or check; 1 when something stands against the migrations."""
    if arguments == ["seal"]:
        seal()
    found = sorted(faults())
    sys.stderr.write("".join(f"{fault}\n" for fault in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
