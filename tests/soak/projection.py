"""The projection on paper: from measured figures and a few assumptions to 10 million clients.

`python -m tests.soak.projection` writes the tables into docs/projection.md; with
`update soak.json` it first takes the measured figures from a soak. Inputs: docs/projection.json
(measured) and docs/projection.toml (assumptions, benches, and the step for each limit).
"""

import json
import re
import sys
import tomllib
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT, MEASURED, ASSUMED = (
    DOCS / "projection.md",
    DOCS / "projection.json",
    DOCS / "projection.toml",
)

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
DAYS_A_WEEK, WEEKS_A_YEAR, HOUR_S = 7, 52, 3600
GB = 1e9

SEARCH = "look for times: "


def from_soak(raw: dict[str, Any]) -> dict[str, Any]:
    """The figures of a soak that the projection rests on: for each week of each client."""
    run = raw["run"]
    weeks, answers = run["client_weeks"], run["answers"]
    tables = raw["bytes"]["tables"]

    def of(start: str) -> float:
        return float(sum(n for name, n in answers.items() if name.startswith(start)))

    def schema(name: str) -> float:
        return float(sum(size for table, size in tables.items() if table.startswith(f"{name}.")))

    cpu = raw["cpu_s"]
    services = {
        name: sum(s for one, s in cpu.items() if one.rpartition("-")[0] == name)
        for name in ("booking", "notify", "progress")
    }
    events = sum(raw["records"].values())
    return {
        "clients": raw["clients"],
        "days": raw["days"],
        "client_weeks": round(weeks, 1),
        "a_week": {
            "requests": round(run["requests"] / weeks, 1),
            "check_ins": round(raw["check_ins"] / weeks, 2),
            "searches": round(of(SEARCH) / weeks, 2),
            "events": round(events / weeks, 1),
            "mails": round(raw["bytes"]["rows"].get("notify.attempts", 0) / weeks, 1),
        },
        "cpu_ms": {
            "booking, a request": round(services["booking"] * 1000 / run["requests"], 2),
            "progress, a check-in": round(services["progress"] * 1000 / raw["check_ins"], 2),
            "notify, an event": round(services["notify"] * 1000 / events, 2),
            "postgres, a request": round(cpu["postgres"] * 1000 / run["requests"], 2),
            "kafka, an event": round(cpu["kafka"] * 1000 / events, 2),
        },
        "kib_a_week": {
            **{
                f"schema {name}": round(schema(name) / weeks / 1024, 1)
                for name in ("booking", "notify", "progress")
            },
            **{
                f"topic {name}": round(size / weeks / 1024, 1)
                for name, size in sorted(raw["bytes"]["topics"].items())
            },
        },
    }


def tables(measured: dict[str, Any], assumed: dict[str, Any]) -> str:
    """All tables of the document."""
    return "\n".join(
        [
            "### What it rests on\n",
            _rests_on(measured, assumed),
            "### Load in the busiest hour, machines and storage\n",
            _growth(measured, assumed),
            "### What breaks first\n",
            _limits(measured, assumed),
        ]
    )


def busiest(measured: dict[str, Any], assumed: dict[str, Any], what: str) -> float:
    """How often a client brings something about in a second of the busiest hour."""
    a_day: float = measured["a_week"][what] / DAYS_A_WEEK
    share: float = assumed["share"]["busiest_hour"]
    return a_day * share / HOUR_S


def limits(measured: dict[str, Any], assumed: dict[str, Any]) -> list[dict[str, Any]]:
    """Each limit with the clients it carries now and after its step, the nearest first."""
    found = []
    for one in assumed["limits"]:
        capacity = _capacity(one, measured, assumed)
        carries = capacity / _each(one["unit"], measured, assumed)
        known = {"capacity": capacity, "carries": carries, "then": carries * one["times"]}
        found.append(one | known)
    return sorted(found, key=lambda one: float(one["carries"]))


def _capacity(one: dict[str, Any], measured: dict[str, Any], assumed: dict[str, Any]) -> float:
    """What a limit carries, in its unit: told, or what so many cores do at the share in use."""
    if "capacity" in one:
        return float(one["capacity"])
    return float(one["cores"] * assumed["share"]["used"] * 1000 / measured["cpu_ms"][one["cpu"]])


def _each(unit: str, measured: dict[str, Any], assumed: dict[str, Any]) -> float:
    """How much of a unit one client needs."""
    if unit == "clients":
        return 1.0
    if unit == "streams":
        return float(assumed["share"]["pages_open"])
    if unit == "GB":
        return _gigabytes_a_year(measured)
    return busiest(measured, assumed, unit)


def _rests_on(measured: dict[str, Any], assumed: dict[str, Any]) -> str:
    weeks = measured["client_weeks"]
    rows = [
        ("the soak", f"{measured['clients']:,} clients, {measured['days']} days: {weeks:,} weeks")
    ]
    rows += [
        (f"{name.replace('_', '-')}, a client and week", f"{x:,}")
        for name, x in measured["a_week"].items()
    ]
    rows += [(f"processor: {name}", f"{x:,} ms") for name, x in measured["cpu_ms"].items()]
    rows += [(f"{name}, a client and week", f"{x:,} KiB") for name, x in
             measured["kib_a_week"].items()]  # fmt: skip
    rows += [(f"assumed: {one['what']}", one["says"]) for one in assumed["assumptions"]]
    return _table(("figure", ""), rows)


def _growth(measured: dict[str, Any], assumed: dict[str, Any]) -> str:
    cpu, share = measured["cpu_ms"], assumed["share"]
    rows: list[list[str]] = []

    def row(what: str, a_client: float, form: str = ",.0f") -> None:
        rows.append([what, *(format(a_client * size, form) for size in SIZES)])

    def machines(what: str, name: str, unit: str) -> None:
        cores = cpu[name] / 1000 * busiest(measured, assumed, unit) / share["used"]
        counts = [max(2, ceil(cores * size / assumed["machine"]["cores"])) for size in SIZES]
        rows.append([what, *(f"{one:,}" for one in counts)])

    row("requests/s", busiest(measured, assumed, "requests"))
    row("check-ins/s", busiest(measured, assumed, "check_ins"))
    row("searches for times/s", busiest(measured, assumed, "searches"))
    row("events/s", busiest(measured, assumed, "events"))
    row("mails/s", busiest(measured, assumed, "mails"))
    row("open streams", share["pages_open"])
    machines("machines: booking", "booking, a request", "requests")
    machines("machines: progress", "progress, a check-in", "check_ins")
    machines("machines: notify", "notify, an event", "events")
    machines("machines: Postgres", "postgres, a request", "requests")
    machines("machines: Kafka", "kafka, an event", "events")
    row("database after a year, GB", _gigabytes_a_year(measured))
    row("Kafka in a year if nothing is let go, GB", _kafka_a_year(measured))
    return _table(("", *(f"{size:,} clients" for size in SIZES)), rows)


def _limits(measured: dict[str, Any], assumed: dict[str, Any]) -> str:
    rows = [
        [
            one["what"],
            f"{one['capacity']:,.0f} {one['called']} ({one['source']})",
            _rounded(one["carries"]),
            one["step"],
            _rounded(one["then"]),
        ]
        for one in limits(measured, assumed)
    ]
    return _table(("limit", "carries now", "clients", "step", "clients then"), rows)


def _gigabytes_a_year(measured: dict[str, Any]) -> float:
    kib = sum(x for name, x in measured["kib_a_week"].items() if name.startswith("schema "))
    return float(kib) * 1024 * WEEKS_A_YEAR / GB


def _kafka_a_year(measured: dict[str, Any]) -> float:
    kib = sum(x for name, x in measured["kib_a_week"].items() if name.startswith("topic "))
    return float(kib) * 1024 * WEEKS_A_YEAR / GB


def _rounded(clients: float) -> str:
    """Two digits: more would pretend to more than was measured."""
    digits = len(str(int(clients)))
    return f"{round(clients, 2 - digits):,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(head), "|".join("---" for _ in head), *(" | ".join(one) for one in rows)]
    return "".join(f"| {line} |\n" if "---" not in line else f"|{line}|\n" for line in lines)


def written() -> str:
    """The document as it should be."""
    measured = json.loads(MEASURED.read_text())
    assumed = tomllib.loads(ASSUMED.read_text())
    text = DOCUMENT.read_text()
    made = f"<!-- made -->\n{tables(measured, assumed)}\n<!-- end -->"
    return re.sub(r"<!-- made -->.*<!-- end -->", lambda _: made, text, flags=re.DOTALL)


def main(arguments: Sequence[str]) -> None:
    """Write the tables; with `update FILE` from the figures of that soak."""
    if arguments[:1] == ["update"]:
        raw = json.loads(Path(arguments[1]).read_text())
        MEASURED.write_text(json.dumps(from_soak(raw), indent=1) + "\n")
    DOCUMENT.write_text(written())


if __name__ == "__main__":
    main(sys.argv[1:])
