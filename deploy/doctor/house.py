"""The services themselves, the mail server, and the machine that this runs on."""

import asyncio
import re
import shutil
import stat
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from deploy.doctor import Finding, fail, ok, warn

ANSWER_TIMEOUT_S = 5.0

DISK_LOW, DISK_OUT = 0.10, 0.03
"""Share that is free: Kafka and Postgres stop hard when a disk is full."""

SHIFTED_S = 1.0
SKEW_S = 5.0

SMTP_PORT = 25

_GAUGE = re.compile(r"^limber_clock_(offset|skew)_seconds (\S+)$", re.MULTILINE)


async def services(doors: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Whether each service is ready; `doors` are their addresses by name."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        for name, address in doors.items():
            try:
                async with http.get(f"{address}/readyz") as answer:
                    faults = (await answer.json())["faults"]
                async with http.get(f"{address}/metrics") as answer:
                    # The ingress of a cluster closes this to the world.
                    told = await answer.text() if answer.status == 200 else ""
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as fault:
                yield fail(
                    name,
                    f"does not answer at {address} ({type(fault).__name__})",
                    "docs/runbooks/service-down.md",
                )
                continue
            if faults:
                yield fail(name, f"not ready: {'; '.join(faults)}", "See the other findings.")
            else:
                yield ok(name, f"ready at {address}")
            for finding in _clocks(name, told):
                yield finding


def _clocks(name: str, metrics: str) -> Iterator[Finding]:
    clocks = {kind: float(value) for kind, value in _GAUGE.findall(metrics)}
    if abs(clocks.get("offset", 0.0)) > SHIFTED_S:
        yield warn(
            f"{name} clock",
            f"shifted by {clocks['offset']:.0f} s",
            "Right in a test alone; else unset LIMBER_TEST_CLOCK.",
        )
    if abs(clocks.get("skew", 0.0)) > SKEW_S:
        yield warn(
            f"{name} clock",
            f"{clocks['skew']:+.1f} s beside the database's",
            "docs/runbooks/clock-skewed.md",
        )


async def mail(addresses: Iterable[str]) -> AsyncIterator[Finding]:
    """Whether each mail server greets; `addresses` are smtp[s]://… and are never quoted whole."""
    for address in addresses:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port or SMTP_PORT
        check = f"mail server {host}:{port}"
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=parts.scheme == "smtps" or None
                )
                greeting = await reader.readline()
                writer.close()
        except (OSError, TimeoutError) as fault:
            yield fail(
                check,
                f"does not answer ({type(fault).__name__})",
                "docs/runbooks/provider-left-alone.md",
            )
            continue
        if not greeting.startswith(b"220"):
            yield fail(check, f"greets with {greeting[:3].decode('ascii', 'replace')}", "Ask it.")
        else:
            yield ok(check, "greets")


def secrets(places: Iterable[Path]) -> Iterator[Finding]:
    """Whether secrets are there and are their owner's alone."""
    for place in places:
        check = f"secret {place.name}"
        try:
            mode = stat.S_IMODE(place.stat().st_mode)
        except OSError as fault:
            yield fail(check, f"cannot be seen ({type(fault).__name__})", "Run the secrets job.")
            continue
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            yield fail(check, f"mode {mode:04o}", f"chmod 600 {place}, and draw it anew.")
        else:
            yield ok(check, f"mode {mode:04o}")


def disk(place: Path) -> Finding:
    """Whether there is room where the state is."""
    usage = shutil.disk_usage(place)
    free = usage.free / usage.total
    told = f"{free:.0%} of {usage.total / 1e9:.0f} GB is free at {place}"
    if free < DISK_OUT:
        return fail("disk", told, "Free space now; delete nothing of Kafka's or Postgres's.")
    if free < DISK_LOW:
        return warn("disk", told, "Free space, or give it a larger disk.")
    return ok("disk", told)


def zones() -> Finding:
    """Whether the rules of time zones are of this year or the last."""
    rules = version("tzdata")
    if int(rules[:4]) < datetime.now(UTC).year - 1:
        return warn("time zones", f"tzdata {rules}", "Upgrade to a release with a newer tzdata.")
    return ok("time zones", f"tzdata {rules}")
