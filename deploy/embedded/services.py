"""The three services and the jobs around them: commands and environment, names fixed."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.embedded.errors import StackError
from deploy.embedded.infrastructure import Infrastructure, plain_environment
from deploy.vapid import public_key

SERVICES = ("booking", "notify", "progress")
MOST_REPLICAS = 20

MAIL_FROM = "Limber <hello@limber.example>"


def module(name: str) -> tuple[str, ...]:
    """The command that runs a module of this project."""
    return (sys.executable, "-m", name)


@dataclass(frozen=True)
class Programs:
    """What to run as services and jobs; another choice serves the tests."""

    services: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {name: module(f"services.{name}") for name in SERVICES}
    )
    migrate: tuple[str, ...] = module("deploy.migrate")
    topics: tuple[str, ...] = module("deploy.topics")
    demo: tuple[str, ...] | None = module("services.booking.demo")


def replicas(text: str) -> dict[str, int]:
    """Read `booking=2,notify=2`; a service that is not named runs once. Raises StackError."""
    counts = dict.fromkeys(SERVICES, 1)
    for part in filter(None, text.split(",")):
        name, _, number = part.strip().partition("=")
        if name not in counts:
            raise StackError(f"--replicas: no service is called {name!r}")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= MOST_REPLICAS):
            raise StackError(f"--replicas: {name} takes a number from 1 to {MOST_REPLICAS}")
        counts[name] = int(number)
    return counts


def names(counts: Mapping[str, int]) -> list[str]:
    """Process names, `booking-1` first."""
    return [f"{name}-{n + 1}" for name, count in counts.items() for n in range(count)]


class Environments:
    """The environment of each service and job on one running infrastructure."""

    def __init__(self, base: Infrastructure, caller: Mapping[str, str]) -> None:
        self._base = base
        self._caller = caller
        self._clock = {
            "LIMBER_ENVIRONMENT": "embedded",
            "LIMBER_CLOCK_FILE": str(base.home.path / "clock-offset"),
        }
        if caller.get("LIMBER_TEST_CLOCK"):
            self._clock["LIMBER_TEST_CLOCK"] = caller["LIMBER_TEST_CLOCK"]

    def service(self, process: str) -> dict[str, str]:
        """For one process such as `notify-2`."""
        service = process.rpartition("-")[0]
        prefix = f"{service.upper()}_"
        secrets, ports = self._base.secrets, self._base.ports
        front_door = f"http://127.0.0.1:{ports['booking-1']}"
        password = {
            "booking": secrets.booking,
            "notify": secrets.notify,
            "progress": secrets.progress,
        }[service]
        ours = {
            "HOST": "127.0.0.1",
            "PORT": str(ports[process]),
            "DATABASE_URL": self._base.role_url(f"limber_{service}", password),
            "KAFKA_BOOTSTRAP": self._base.kafka_bootstrap,
        }
        if service == "booking":
            ours |= {"SECRET": secrets.booking_secret, "PUBLIC_URL": front_door}
            ours["KEY_ENCRYPTION_KEY"] = secrets.booking_key_encryption_key
            ours["PUSH_PUBLIC_KEY"] = public_key(secrets.vapid_private_key)
        if service == "notify":
            ours |= {"PUBLIC_URL": front_door, "VAPID_PRIVATE_KEY": secrets.vapid_private_key}
        defaults = {"SMTP_URLS": self._base.smtp_url, "FROM": MAIL_FROM}
        return (
            plain_environment(self._caller)
            | (
                {f"{prefix}{name}": value for name, value in defaults.items()}
                if service == "notify"
                else {}
            )
            | {name: value for name, value in self._caller.items() if name.startswith(prefix)}
            | {f"{prefix}{name}": value for name, value in ours.items()}
            | self._clock
        )

    def migrate(self) -> dict[str, str]:
        """For the job that makes roles, schemas and tables."""
        secrets = self._base.secrets
        return plain_environment(self._caller) | {
            "LIMBER_DATABASE_URL": self._base.database_url,
            "LIMBER_BOOKING_PASSWORD": secrets.booking,
            "LIMBER_NOTIFY_PASSWORD": secrets.notify,
            "LIMBER_PROGRESS_PASSWORD": secrets.progress,
        }

    def topics(self) -> dict[str, str]:
        """For the job that makes topics."""
        return plain_environment(self._caller) | {
            "LIMBER_KAFKA_BOOTSTRAP": self._base.kafka_bootstrap
        }
