"""What FastStream is told and given; apart, because importing FastStream takes a second."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream.kafka import KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.kafka import KafkaAccess

DRAIN_TIMEOUT_S = 20.0
"""A revoked partition waits so long for work in flight: less than the group waits for us."""

log = structlog.get_logger()

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


class Drain(ConsumerRebalanceListener):  # type: ignore[misc]
    """Waits for the batch in flight before its partitions go to another replica."""

    def __init__(self, idle: asyncio.Event, joined: Callable[[bool], None]) -> None:
        """`idle` is set while no batch is in hand; `joined` hears whether we are in the group."""
        self._idle = idle
        self._joined = joined

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch in flight end."""
        self._joined(False)
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S if revoked else 0.001):
                await self._idle.wait()
        except TimeoutError:
            log.warning("drain-timed-out", partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Say that we are in the group."""
        self._joined(True)
        log.info("partitions-assigned", partitions=len(assigned))


async def parse_anything(records: tuple[ConsumerRecord, ...], original: Any) -> Any:  # noqa: ANN401
    """FastStream's own parser drops a whole batch over one odd header, so it never sees them."""
    bare = tuple(
        ConsumerRecord(**{**record.__dict__, "headers": (), "key": None, "value": b""})
        for record in records
    )
    message = await original(bare)
    message.raw_message = records
    return message


async def hand_over(message: KafkaMessage) -> KafkaMessage:
    """FastStream decodes nothing: the records are read by us."""
    return message


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
