"""The metrics of the services as they register them."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.booking import app as booking
from services.booking.settings import BookingSettings
from services.notify import app as notify
from services.notify.settings import NotifySettings
from services.progress import app as progress
from services.progress.settings import ProgressSettings
from tests.unit.watch.documented import COMMON, Metric


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
