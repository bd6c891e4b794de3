"""Answers a question of queries/ from the file, as a table: python -m query no-show."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
from load import HERE, open_file

QUERIES = HERE / "queries"

UNKNOWN = "-"
"""Shown where there is no figure."""


@dataclass(frozen=True)
class Answer:
    """A question with its caveats, and the table that answers it."""

    name: str
    question: str
    caveats: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def names() -> list[str]:
    """The questions there are."""
    return sorted(file.stem for file in QUERIES.glob("*.sql"))


def ask(db: duckdb.DuckDBPyConnection, name: str) -> Answer:
    """Run one of the queries."""
    statement = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
    said = []
    for line in statement.splitlines():
        if not line.startswith("--"):
            break
        said.append(line.removeprefix("--").strip())
    question, _, caveats = "\n".join(said).partition("\n\n")
    found = db.execute(statement)
    columns = tuple(column[0] for column in found.description or ())
    rows = tuple(map(tuple, found.fetchall()))
    return Answer(name, question, " ".join(caveats.split()), columns, rows)


def shown(value: object) -> str:
    """A cell as text."""
    if value is None:
        return UNKNOWN
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(answer: Answer) -> str:
    """The answer as lines of text."""
    cells = [answer.columns, *(tuple(map(shown, row)) for row in answer.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def main() -> None:
    """Print the answer, or the questions there are."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("name", nargs="?", choices=names(), help="which question")
    asked.add_argument("--database", type=Path, default=Path("limber.duckdb"))
    given = asked.parse_args()
    if given.name is None:
        sys.exit("ask one of: " + ", ".join(names()))
    with open_file(given.database) as db:
        answer = ask(db, given.name)
    print(f"{answer.question}\n\n{table(answer)}\n\n{answer.caveats}")


if __name__ == "__main__":
    main()
