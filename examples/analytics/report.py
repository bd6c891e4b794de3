"""One page with every question, its chart, its table and its caveats: python -m report."""

import argparse
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import escape
from pathlib import Path

import duckdb
from charts import Bar, bars, lines, percent, plain, signed
from load import HERE, open_file
from query import Answer, ask, shown

Chart = Callable[[Answer], str]

MOST_BARS = 16
"""A chart with more is not read; the table has all."""

WEEK = timedelta(weeks=1)

NUMBER = ' class="number"'

_CODE = re.compile("`([^`]+)`")


def by_share(value: str, *labels: str) -> Chart:
    """Bars of a share with its interval."""
    return lambda answer: _bars(answer, value, labels, percent)


def by_number(value: str, *labels: str) -> Chart:
    """Bars of a number."""
    return lambda answer: _bars(answer, value, labels, plain)


def by_change(value: str, *labels: str) -> Chart:
    """Bars of a change with its interval, to both sides of zero."""
    return lambda answer: _bars(answer, value, labels, signed)


def by_week(value: str, label: str) -> Chart:
    """A line for each label over the weeks."""

    def drawn(answer: Answer) -> str:
        series: dict[str, dict[str, float]] = {}
        days = []
        for row in records(answer):
            week = row["week"]
            if isinstance(week, date):
                days.append(week)
                series.setdefault(str(row[label]), {})[week.isoformat()] = number(row[value])
        return lines(answer.question, list(weeks(min(days), max(days))), series)

    return drawn


SECTIONS: dict[str, Chart] = {
    "area-hours": by_week("hours_held", "area"),
    "utilisation": by_share("utilisation", "week", "area", "trainer"),
    "lead-time": by_number("p50_days", "service", "mode"),
    "no-show": by_share("rate", "service", "ahead"),
    "funnel": by_share("share", "step"),
    "adherence": by_share("share_done", "family"),
    "relief-by-option": by_change("mean_change", "option", "after"),
    "messages": by_share("sent", "template", "channel"),
}


def records(answer: Answer) -> list[dict[str, object]]:
    """The rows by column name."""
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def number(value: object) -> float:
    """A figure of a row.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, (int, float)):
        return float(value)
    raise TypeError(f"{value!r} is no figure")


def weeks(first: date, last: date) -> Iterator[str]:
    """Every Monday from the first to the last, so that a week without figures shows as a gap."""
    while first <= last:
        yield first.isoformat()
        first += WEEK


def _bars(
    answer: Answer, value: str, labels: tuple[str, ...], written: Callable[[float], str]
) -> str:
    drawn = [
        Bar(
            label=", ".join(_short(str(row[label])) for label in labels),
            value=number(row[value]),
            low=None if row.get("low") is None else number(row["low"]),
            high=None if row.get("high") is None else number(row["high"]),
        )
        for row in records(answer)
        if row[value] is not None
    ]
    return bars(answer.question, drawn[:MOST_BARS], written)


def _short(label: str) -> str:
    """A label without the number it is ordered by; of an id its last characters."""
    head, _, tail = label.partition(": ")
    if tail and head.isdigit():
        return tail
    return f"…{label[-6:]}" if len(label) == 36 and label.count("-") == 4 else label


def section(answer: Answer, chart: Chart) -> str:
    """A question with chart and table, or the word that there are too few clients yet."""
    body = (
        f'<div class="pair"><figure>{chart(answer)}</figure>{table(answer)}</div>'
        if answer.rows
        else "<p>Nothing to show yet: every group has fewer than five clients.</p>"
    )
    more = (
        f'<p class="soft">The chart shows the first {MOST_BARS} of {len(answer.rows)} rows.</p>'
        if len(answer.rows) > MOST_BARS and "week" not in answer.columns[:1]
        else ""
    )
    caveats = _CODE.sub(r"<code>\1</code>", escape(answer.caveats))
    return (
        f'<section id="{answer.name}"><h2>{escape(answer.question)}</h2>{body}{more}'
        f'<p class="soft">{caveats}</p></section>'
    )


def table(answer: Answer) -> str:
    """The answer as an HTML table."""
    numbers = [
        any(isinstance(row[at], (int, float)) for row in answer.rows)
        for at in range(len(answer.columns))
    ]
    head = "".join(
        f'<th scope="col"{NUMBER if is_number else ""}>{escape(name.replace("_", " "))}</th>'
        for name, is_number in zip(answer.columns, numbers, strict=True)
    )
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in answer.rows)
    name = escape(f"Table: {answer.question}")
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{name}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    kind = NUMBER if isinstance(value, (int, float)) else ""
    return f"<td{kind}>{escape(_short(shown(value)))}</td>"


def page(db: duckdb.DuckDBPyConnection) -> str:
    """The whole report."""
    events, people, first, last = db.execute(
        "select count(*), count(distinct key) filter (topic = 'booking.events'),"
        " min(time)::date, max(time)::date from events"
    ).fetchall()[0]
    span = f"{first} to {last}" if events else "no days yet"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Limber: first questions</title>"
        f"<style>{(HERE / 'report.css').read_text(encoding='utf-8')}</style></head><body><main>"
        f'<h1>First questions</h1><p class="soft">{events:,} public events of {people:,} clients,'
        f" {span}. Groups with fewer than five clients are left out: with few, a figure"
        " tells about a person. Bars have their 95 % interval where one is given.</p>"
        + "".join(section(ask(db, name), chart) for name, chart in SECTIONS.items())
        + "</main></body></html>\n"
    )


def main() -> None:
    """Write the report."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--database", type=Path, default=Path("limber.duckdb"))
    asked.add_argument("--out", type=Path, default=Path("report.html"))
    given = asked.parse_args()
    with open_file(given.database) as db:
        given.out.write_text(page(db), encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main()
