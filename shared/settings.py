"""What every service reads from its environment; a secret never has a default."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, clock_for


MOST_DRAIN_S = 60
"""Nothing that spreads requests takes longer to see that a replica is not ready."""


class ServiceSettings(BaseSettings):
    """Settings of one service; subclasses set the prefix (BOOKING_, NOTIFY_, PROGRESS_).

    `drain_s`: so many seconds a service that was told to stop answers on while it is not ready.
    

    Each value may also be a file of that name (lower case) in /run/limber.
    """

    model_config = SettingsConfigDict(
        secrets_dir="/run/limber" if Path("/run/limber").is_dir() else None, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    database_url: SecretStr
    kafka_bootstrap: str
    drain_s: Annotated[float, Field(ge=0, le=MOST_DRAIN_S)] = 0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    clock_file: Annotated[Path | None, Field(validation_alias="LIMBER_CLOCK_FILE")] = None
    test_clock: Annotated[bool, Field(validation_alias="LIMBER_TEST_CLOCK")] = False

    @cached_property
    def clock(self) -> Clock:
        """The one clock of the process."""
        return clock_for(self.test_clock, self.clock_file)
