"""`python -m shared.contracts.publish`: what analysts read is what the contracts say.

`write` makes the files of docs/events; without it the committed ones are compared.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from shared.contracts import asyncapi, dictionary, page

FOLDER = Path(__file__).parents[2] / "docs" / "events"

FILES: dict[str, Callable[[], str]] = {
    "asyncapi.yaml": asyncapi.text,
    "asyncapi.html": page.render,
    "dictionary.md": dictionary.markdown,
}


def check(folder: Path = FOLDER) -> list[str]:
    """The files that are missing or stale; empty when all is well."""
    return [
        f"docs/events/{name} is out of date; run `python -m shared.contracts.publish write`"
        for name, made in FILES.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != made()
    ]


def write(folder: Path = FOLDER) -> None:
    """Make the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in FILES.items():
        (folder / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    faults = check()
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    sys.exit(1 if faults else 0)
