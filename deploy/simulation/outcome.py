"""What a simulation leaves: its summary in lines, and the truth that analysts compare with."""

import json
import statistics
import time
from pathlib import Path
from typing import Any

from deploy.simulation.days import Course
from deploy.simulation.life import Life
from shared.clock import rfc3339


def summary(course: Course) -> list[str]:
    """Counts by answer and level, rates, and everything unexpected."""
    account = course.stage.door.account
    lines = ["", "answers:"]
    names = sorted({name for name, _ in account.answers})
    for name in names:
        found = sorted((how, n) for (one, how), n in account.answers.items() if one == name)
        lines.append(f"  {name}: " + ", ".join(f"{how} {number:,}" for how, number in found))
    run = figures(course)
    lines += [
        "",
        (
            f"{run['requests']:,} requests in {run['seconds']:.0f} s"
            f" ({run['requests_per_second']:.0f}/s; {run['waited_seconds']:.0f} s of it waiting"
            f" for the consumers), greatest lag {run['greatest_lag']:,}"
        ),
    ]
    waits = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run["at_work_seconds"].items())
    lines.append(f"seen at work while it waited: {waits}")
    if account.level_s:
        lines.append(
            f"check-in to level, {len(account.level_s)} watched: p50 {run['level_ms']['p50']:.0f},"
            f" p99 {run['level_ms']['p99']:.0f} ms"
        )
    if account.astray:
        lines.append(f"unexpected: {account.astray}")
        lines += [f"  {what}" for what in account.unexpected]
    else:
        lines.append("nothing unexpected")
    return lines


def figures(course: Course) -> dict[str, Any]:
    """How the run went, in numbers."""
    account, seconds = course.stage.door.account, time.monotonic() - course.began
    return {
        "clients": len(course.lives),
        "client_weeks": round(sum(one.weeks(course.stage.now) for one in course.lives), 2),
        "moments": course.moments,
        "seconds": round(seconds, 1),
        "requests": account.requests,
        "requests_per_second": round(account.requests / seconds, 1),
        "waited_seconds": round(course.waited_s, 1),
        "at_work_seconds": {
            name: round(seconds, 1) for name, seconds in sorted(course.at_work_s.items())
        },
        "greatest_lag": course.greatest_lag,
        "unexpected": account.astray,
        "level_ms": {
            "n": len(account.level_s),
            "p50": _percentile(account.level_s, 50),
            "p99": _percentile(account.level_s, 99),
        },
        "answers": {f"{name}: {how}": n for (name, how), n in sorted(account.answers.items())},
    }


def write_truth(course: Course, place: Path) -> None:
    """Write what was true of each client, by their ids, and how the run went.

    `option_effects` are points of pain right after a session that one option adds on average;
    `own_effects` what it adds to this client (average and own part together, all options of their
    sessions); `response` is how many points training brings in the long run, of which `sessions`
    have brought a part.
    """
    document = {
        "seed": course.stage.seed,
        "began": rfc3339(course.stage.began),
        "option_effects": {code: round(x, 4) for code, x in course.stage.effects.items()},
        "clients": [_truth(one) for one in course.lives if one.client_id],
        "run": figures(course),
    }
    place.write_text(json.dumps(document, indent=1) + "\n")


def _truth(life: Life) -> dict[str, Any]:
    body = life.body
    done = sorted({option for session in life.sessions for option in session.options})
    return {
        "client_id": life.client_id,
        "condition": life.person.conditions[0],
        "city": life.person.city.name,
        "mean_pain": round(body.mean, 3),
        "responds": body.responds,
        "response": round(body.response, 3),
        "sessions": body.sessions,
        "left": life.left,
        "flares": [
            {"day": day, "days": days, "points": round(points, 2)}
            for day, days, points in body.flares
        ],
        "own_effects": {one: round(body.effects[one] + body.own[one], 4) for one in done},
    }


def _percentile(seconds: list[float], percent: int) -> float | None:
    """In milliseconds; None where nothing was measured."""
    if len(seconds) < 2:
        return round(seconds[0] * 1000, 1) if seconds else None
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return round(cuts[percent - 1] * 1000, 1)
