"""What every service reads from its environment; a secret never has a default."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, clock_for
from shared.kafka import KafkaAccess, SaslMechanism, SecurityProtocol


class KafkaSettings(BaseSettings):
    """How a program reaches Kafka; subclasses set the prefix.

    `kafka_bootstrap`: host:port of each broker, comma-separated. The password and the files of a
    certificate are usually in /run/limber. Each value may also be a file of that name (lower case)
    there.
    """

    model_config = SettingsConfigDict(
        secrets_dir="/run/limber" if Path("/run/limber").is_dir() else None,
        extra="ignore",
        # A refusal would quote the password.
        hide_input_in_errors=True,
    )

    kafka_bootstrap: str
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kafka_security_protocol == "SASL_SSL" and not (
            self.kafka_user and self.kafka_password
        ):
            raise ValueError("SASL_SSL needs a Kafka user and password")
        if self.kafka_user and self.kafka_security_protocol != "SASL_SSL":
            raise ValueError("a Kafka user signs in by SASL_SSL alone")
        if self.kafka_key_file and not self.kafka_certificate_file:
            raise ValueError("a Kafka key needs its certificate")
        return self

    @cached_property
    def kafka(self) -> KafkaAccess:
        """What every Kafka client of the process is made from."""
        return replace(
            KafkaAccess.at(self.kafka_bootstrap),
            protocol=self.kafka_security_protocol,
            mechanism=self.kafka_sasl_mechanism,
            user=self.kafka_user,
            password=self.kafka_password,
            ca_file=self.kafka_ca_file,
            certificate_file=self.kafka_certificate_file,
            key_file=self.kafka_key_file,
        )


MOST_DRAIN_S = 60
"""Nothing that spreads requests takes longer to see that a replica is not ready."""


class ServiceSettings(KafkaSettings):
    """Settings of one service; subclasses set the prefix (BOOKING_, NOTIFY_, PROGRESS_).

    `drain_s`: so many seconds a service that was told to stop answers on while it is not ready.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    database_url: SecretStr
    drain_s: Annotated[float, Field(ge=0, le=MOST_DRAIN_S)] = 0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    clock_file: Annotated[Path | None, Field(validation_alias="LIMBER_CLOCK_FILE")] = None
    test_clock: Annotated[bool, Field(validation_alias="LIMBER_TEST_CLOCK")] = False
    trace_collector: Annotated[
        str | None, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    ] = None

    @cached_property
    def clock(self) -> Clock:
        """The one clock of the process."""
        return clock_for(self.test_clock, self.clock_file)
