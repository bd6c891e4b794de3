"""docs/metrics.md as a table, and the metrics of the services as they register them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.booking import app as booking
from services.booking.settings import BookingSettings
from services.notify import app as notify
from services.notify.settings import NotifySettings
from services.progress import app as progress
from services.progress.settings import ProgressSettings

ROOT = Path(__file__).parents[3]
METRICS = ROOT / "docs" / "metrics.md"
COMMON = "Every service"

_CODE = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"\blimber_\w+")
_PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, order=True)
class Metric:
    """A metric as Prometheus shows it."""

    service: str
    name: str
    type: str
    labels: frozenset[str]


def documented() -> set[Metric]:
    """What the tables of docs/metrics.md say; metrics of every service stand under `COMMON`."""
    return {
        Metric(section, name, cells[1], frozenset(_CODE.findall(cells[2])))
        for section, cells in _rows()
        for name in _CODE.findall(cells[0])
        if name.startswith("limber_")
    }


def documented_labels() -> set[str]:
    """The labels whose values docs/metrics.md bounds."""
    return {_CODE.findall(cells[0])[0] for section, cells in _rows() if section == "Labels"}


def registered() -> set[Metric]:
    """What the three services register; what all have stands under `COMMON`."""
    found: dict[str, set[Metric]] = {
        service: set(_registered(COMMON, app)) for service, app in _apps().items()
    }
    common = set.intersection(*found.values())
    own = {
        Metric(service, one.name, one.type, one.labels)
        for service, metrics in found.items()
        for one in metrics - common
    }
    return common | own


def metrics_in(expression: str) -> set[str]:
    """Names of our metrics in an expression, as docs/metrics.md has them."""
    names = {metric.name: metric.type for metric in documented()}
    found = set()
    for name in _NAME.findall(expression):
        base = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
        found.add(base if names.get(base) == "histogram" else name)
    return found


def _rows() -> Iterator[tuple[str, list[str]]]:
    section = ""
    for line in METRICS.read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            yield section, [cell.strip() for cell in line.strip("|").split("|")]


def _apps() -> dict[str, Any]:
    nowhere = {"DATABASE_URL": "postgresql:///nowhere", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    environment = {
        f"{service}_{name}": value
        for service in ("BOOKING", "NOTIFY", "PROGRESS")
        for name, value in {**nowhere, "PORT": "1", "PUBLIC_URL": "http://limber.test"}.items()
    } | {
        "BOOKING_SECRET": "s" * 32,
        "BOOKING_KEY_ENCRYPTION_KEY": "a2V5cy1rZXlzLWtleXMta2V5cy1rZXlzLWtleXMta2U",
        "NOTIFY_SMTP_URLS": "smtp://127.0.0.1:1",
        "NOTIFY_FROM": "Limber <hello@limber.example>",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return {
            "booking": booking.build(BookingSettings()),
            "notify": notify.build(NotifySettings()),
            "progress": progress.build(ProgressSettings()),
        }


def _registered(section: str, app: Any) -> Iterator[Metric]:
    for collector in app.state.metrics.registry._collector_to_names:
        if not hasattr(collector, "_labelnames"):
            continue
        name = collector._name + ("_total" if collector._type == "counter" else "")
        yield Metric(section, name, collector._type, frozenset(collector._labelnames))
