"""What a soak measured: lines for docs/measured.md, and all raw numbers."""

from dataclasses import asdict
from typing import Any

from tests.soak.flat import BLOCKS, Growth, growth
from tests.soak.run import Soak

CHECK_IN = "check in "


def check_ins(soak: Soak) -> int:
    """How many check-ins were handed in."""
    answers: dict[str, int] = soak.figures["answers"]
    return sum(n for name, n in answers.items() if name.startswith(CHECK_IN))


def grown(soak: Soak) -> dict[str, Growth]:
    """The growth of each process's memory over the last half; nothing of too short a run."""
    samples = soak.samples
    if len(samples.at_s) < 4 * BLOCKS:
        return {}
    return {name: growth(samples.at_s, values) for name, values in samples.memory_mb.items()}


def cpu_s(soak: Soak) -> dict[str, float]:
    """Seconds of processor of each process beyond what it takes when idle."""
    return {
        name: max(0.0, soak.samples.cpu(name) - soak.idle.get(name, 0.0) * soak.samples.took_s)
        for name in soak.samples.cpu_s
    }


def markdown(soak: Soak) -> str:
    """A table for docs/measured.md."""
    run, samples = soak.figures, soak.samples
    events = sum(soak.records.values())
    rows = [
        ("requests", (f"{run['requests']:,} in {run['seconds']:,.0f} s ="
                     f" {run['requests_per_second']:,.0f}/s")),
        ("events on Kafka", f"{events:,} = {events / run['seconds']:,.0f}/s"),
        ("waited for the consumers", f"{run['waited_seconds']:,.0f} s"),
        ("greatest lag", f"{run['greatest_lag']:,} records"),
        ("check-ins", f"{check_ins(soak):,}"),
        ("check-in to level, p50 / p99",
         (f"{_ms(run['level_ms']['p50'])} / {_ms(run['level_ms']['p99'])}"
         f" ({run['level_ms']['n']:,} watched)")),
        ("connections of the services, most", f"{max(samples.connections)}"),
        ("unexpected answers", f"{run['unexpected']}"),
    ]  # fmt: skip
    for name, found in grown(soak).items():
        verdict = "flat" if found.is_flat else "grows"
        rows.append((f"memory of {name}, MB over the last half", f"{found}: {verdict}"))
    for name, files in samples.files.items():
        half = files[len(files) // 2 :]
        rows.append((f"open files of {name}", f"{min(half)} to {max(half)} in the last half"))
    for name, seconds in cpu_s(soak).items():
        each = seconds / run["requests"] * 1000
        rows.append(
            (f"processor of {name} beyond idle", f"{seconds:,.0f} s, {each:.2f} ms a request")
        )
    for schema in ("booking", "notify", "progress"):
        bytes_ = soak.after.schema(schema) - soak.before.schema(schema)
        rows.append((f"schema {schema}", f"{bytes_ / soak.clients / 1024:,.1f} KiB a client"))
    for topic, bytes_ in sorted(soak.after.topics.items()):
        grew = bytes_ - soak.before.topics.get(topic, 0)
        rows.append((f"topic {topic}", f"{grew / soak.clients / 1024:,.1f} KiB a client"))
    lines = [f"| {what} | {figure} |" for what, figure in rows]
    return "\n".join(["| what | measured |", "|---|---|", *lines, ""])


def raw(soak: Soak) -> dict[str, Any]:
    """All numbers, ready for JSON."""
    return {
        "clients": soak.clients,
        "days": soak.days,
        "seed": soak.seed,
        "run": soak.figures,
        "check_ins": check_ins(soak),
        "records": soak.records,
        "bytes": {
            "tables": {name: size - soak.before.tables.get(name, 0)
                       for name, size in sorted(soak.after.tables.items())},
            "rows": soak.after.rows,
            "topics": {name: size - soak.before.topics.get(name, 0)
                       for name, size in sorted(soak.after.topics.items())},
        },
        "cpu_s": {name: round(seconds, 2) for name, seconds in cpu_s(soak).items()},
        "idle_share": {name: round(share, 4) for name, share in soak.idle.items()},
        "memory": {name: asdict(found) | {"flat": found.is_flat}
                   for name, found in grown(soak).items()},
        "samples": asdict(soak.samples),
    }  # fmt: skip


def faults(soak: Soak) -> list[str]:
    """What should not be; empty when all is well."""
    found = [] if soak.went_well else ["an answer was not expected"]
    found += [
        f"the memory of {name} grows: {one}" for name, one in grown(soak).items() if not one.is_flat
    ]
    return found


def _ms(found: float | None) -> str:
    return "none" if found is None else f"{found:.0f} ms"
