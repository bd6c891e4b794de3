"""FastStream's view of how to reach Kafka; apart, because importing FastStream takes a second."""

from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.kafka import KafkaAccess

_SASL = {
    "SCRAM-SHA-512": SASLScram512,
    "SCRAM-SHA-256": SASLScram256,
    "PLAIN": SASLPlaintext,
}


def broker_arguments(kafka: KafkaAccess) -> dict[str, Any]:
    """Arguments of FastStream's KafkaBroker.

    Raises:
        OSError: a certificate or key cannot be read.
    """
    # A list: FastStream takes a text with commas for one host.
    return {"bootstrap_servers": list(kafka.bootstrap), "security": _security(kafka)}


def _security(kafka: KafkaAccess) -> BaseSecurity | None:
    if kafka.protocol == "PLAINTEXT":
        return None
    if kafka.protocol == "SSL":
        return BaseSecurity(ssl_context=kafka.context(), use_ssl=True)
    return _SASL[kafka.mechanism](
        username=kafka.user or "",
        password=kafka.secret(),
        ssl_context=kafka.context(),
        use_ssl=True,
    )
