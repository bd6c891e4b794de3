"""Where the running stack is: from the environment (compose), else from the home's stack.json."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic_settings import SettingsConfigDict

from deploy.embedded.procfs import Identity, identify
from shared.kafka import KafkaAccess
from shared.settings import KafkaSettings

DEFAULT_HOME = ".limber"


class NoStack(Exception):  # noqa: N818
    """Nothing says where a stack runs."""


class ProcessEntry(BaseModel):
    """One running process of the stack; `boot` and `started` tell it from a recycled pid."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    port: int
    boot: str
    started: int
    command: tuple[str, ...]


class StackFile(BaseModel):
    """The content of stack.json: the supervisor, and the processes alive when it was written."""

    model_config = ConfigDict(frozen=True)

    pid: int
    boot: str
    started: int
    base_url: str
    kafka_bootstrap: str
    database_url: str
    mail_url: str
    test_clock: bool
    base_port: int
    ports: dict[str, int]
    processes: tuple[ProcessEntry, ...]


class OperatorKafka(KafkaSettings):
    """How the `limber` command and its like sign in to Kafka (LIMBER_KAFKA_*)."""

    model_config = SettingsConfigDict(env_prefix="LIMBER_")


class Stack:
    """The addresses the commands need, each looked up when it is asked for."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment
        self.running = read_running(home)

    @property
    def base_url(self) -> str:
        """The front door, without a slash at the end."""
        found = self.running.base_url if self.running else None
        return self._find("LIMBER_BASE_URL", found).rstrip("/")

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of Kafka."""
        found = self.running.kafka_bootstrap if self.running else None
        return self._find("LIMBER_KAFKA_BOOTSTRAP", found)

    @property
    def kafka(self) -> KafkaAccess:
        """How an operator reaches Kafka: LIMBER_KAFKA_*, the password also in /run/limber."""
        return OperatorKafka(kafka_bootstrap=self.kafka_bootstrap).kafka

    @property
    def database_url(self) -> str:
        """The database `limber` as superuser, password included."""
        found = self.running.database_url if self.running else None
        return self._find("LIMBER_DATABASE_URL", found)

    @property
    def booking_secret(self) -> str:
        """What booking signs its links with."""
        return self._find("LIMBER_BOOKING_SECRET", _secret_of(self._home))

    @property
    def mail_url(self) -> str:
        """The inbox's page and API, without a slash at the end."""
        found = self.running.mail_url if self.running else None
        return self._find("LIMBER_MAIL_URL", found).rstrip("/")

    @property
    def clock_file(self) -> Path:
        """The file with the test clock's offset in seconds; it need not exist."""
        named = self._environment.get("LIMBER_CLOCK_FILE")
        return Path(named) if named else self._home / "clock-offset"

    def _find(self, variable: str, running: str | None) -> str:
        found = self._environment.get(variable) or self._from_file(variable) or running
        if not found:
            raise NoStack(
                f"no stack is running in {self._home} and {variable} is not set; "
                "start one with `limber up`"
            )
        return found

    def _from_file(self, variable: str) -> str | None:
        """A container gets what is secret as a file, whose place is in VARIABLE_FILE."""
        place = self._environment.get(f"{variable}_FILE")
        return Path(place).read_text().strip() if place else None


def _secret_of(home: Path) -> str | None:
    """What the stack of a home keeps in its secrets.json; None where there is none."""
    place = home / "secrets.json"
    if not place.exists():
        return None
    found: str = json.loads(place.read_bytes())["booking_secret"]
    return found


def home_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The stack's home: LIMBER_HOME, else .limber in the working directory; absolute."""
    return Path(environment.get("LIMBER_HOME") or DEFAULT_HOME).absolute()


def find_stack(environment: Mapping[str, str] = os.environ) -> Stack:
    """The stack that commands talk to; its properties raise NoStack when there is none."""
    return Stack(home_directory(environment), environment)


def read_last(home: Path) -> StackFile | None:
    """What the last stack in this home wrote of itself, running or not; None when unreadable."""
    try:
        return StackFile.model_validate_json((home / "stack.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def read_running(home: Path) -> StackFile | None:
    """The stack that runs in this home now, or None."""
    last = read_last(home)
    if last and identify(last.pid) == Identity(last.pid, last.boot, last.started):
        return last
    return None
