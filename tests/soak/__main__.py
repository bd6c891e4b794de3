"""`python -m tests.soak`: CLIENTS, WEEKS (or DAYS) and SEED from the environment."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.soak.picture import picture
from tests.soak.report import faults, markdown, raw
from tests.soak.run import soak

CLIENTS, WEEKS, SEED = 2_000, 1, 8
DAYS_A_WEEK = 7


def main() -> int:
    """Run it; writes soak.json, soak.md and soak.svg in the working directory."""
    wanted = {name: os.environ.get(name) for name in ("CLIENTS", "WEEKS", "DAYS", "SEED")}
    clients = int(wanted["CLIENTS"] or CLIENTS)
    days = int(wanted["DAYS"] or DAYS_A_WEEK * int(wanted["WEEKS"] or WEEKS))
    seed = int(wanted["SEED"] or SEED)
    with tempfile.TemporaryDirectory(prefix="limber-soak-") as place:
        found = asyncio.run(soak(Path(place), clients=clients, days=days, seed=seed, say=_say))
    Path("soak.json").write_text(json.dumps(raw(found), indent=1) + "\n")
    table = markdown(found)
    Path("soak.md").write_text(table)
    title = f"{clients:,} clients, {days} days of simulated life"
    Path("soak.svg").write_text(picture(found.samples, title=title))
    _say(table)
    wrong = faults(found)
    for fault in wrong:
        _say(fault)
    return 1 if wrong else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command's answer


if __name__ == "__main__":
    sys.exit(main())
