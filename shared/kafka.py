"""How a process reaches Kafka: where the brokers are, who it is, whom it believes."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_SSL"]
"""SASL without TLS is not offered: the records would cross the network in the clear."""

SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True)
class KafkaAccess:
    """The brokers and how to sign in; `shared.settings.KafkaSettings` reads it.

    Without `ca_file` the machine's own authorities are believed. `certificate_file` and `key_file`
    sign in by certificate, on brokers that ask for one; the key may stand in the same file.
    """

    bootstrap: tuple[str, ...]
    protocol: SecurityProtocol = "PLAINTEXT"
    mechanism: SaslMechanism = "SCRAM-SHA-512"
    user: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    @classmethod
    def at(cls, brokers: "str | KafkaAccess") -> "KafkaAccess":
        """The access meant by `host:port,host:port`: without TLS and without a name."""
        if isinstance(brokers, KafkaAccess):
            return brokers
        return cls(bootstrap=tuple(filter(None, (part.strip() for part in brokers.split(",")))))

    def client(self) -> dict[str, Any]:
        """Arguments of every client of aiokafka.

        Raises:
            OSError: a certificate or key cannot be read.
        """
        arguments: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap),
            "security_protocol": self.protocol,
        }
        if self.protocol != "PLAINTEXT":
            arguments["ssl_context"] = self.context()
        if self.protocol == "SASL_SSL":
            arguments["sasl_mechanism"] = self.mechanism
            arguments["sasl_plain_username"] = self.user
            arguments["sasl_plain_password"] = self.secret()
        return arguments

    def librdkafka(self) -> dict[str, str]:
        """Configuration of clients built on librdkafka."""
        chosen = {
            "bootstrap.servers": ",".join(self.bootstrap),
            "security.protocol": self.protocol.lower(),
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate_file,
            "ssl.key.location": self.key_file or self.certificate_file,
        }
        if self.protocol == "SASL_SSL":
            chosen |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.user,
                "sasl.password": self.secret(),
            }
        return {name: str(value) for name, value in chosen.items() if value is not None}

    def secret(self) -> str:
        """The password, readable; empty where there is none."""
        return self.password.get_secret_value() if self.password else ""

    def context(self) -> ssl.SSLContext:
        """Whom to believe, and the certificate to show; read anew, so that a renewed one counts.

        Raises:
            OSError: a certificate or key cannot be read.
        """
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context
