"""Who signs in to Kafka by name, and what each may do: the smallest set that works."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.contracts.catalogue import TOPICS

Kind = Literal["topic", "group"]
Deed = Literal["read", "write", "describe", "describe-configs"]


@dataclass(frozen=True, order=True)
class Right:
    """One deed that a principal may do on a topic or group; a prefix stands for all it begins."""

    principal: str
    kind: Kind
    name: str
    deed: Deed
    prefix: bool = False


READS = {
    "booking": ("notify.events", "progress.events", "progress.views"),
    "notify": (
        "booking.contacts",
        "booking.events",
        "notify.events",
        "progress.events",
    ),
    "progress": ("booking.events", "booking.submissions"),
}
"""What each service subscribes to; a test holds it against the services' handlers."""

PUBLIC = tuple(topic.name for topic in TOPICS if not topic.private and not topic.compacted)
"""The streams that analysts read. A compacted document of a client's page is no stream of facts."""

ANALYST, OPERATOR, SCALER = "analyst", "operator", "scaler"
ANALYSTS_GROUPS = "analysts-"

PRINCIPALS = (*READS, ANALYST, OPERATOR, SCALER)
"""Everybody with a name and a password; brokers and jobs sign in by certificate."""


def rights() -> frozenset[Right]:
    """All rights there are; what is not here is refused by the broker."""
    found = set()
    # Reading and writing include describing.
    for service, topics in READS.items():
        owned = [topic.name for topic in TOPICS if topic.owner == service]
        found |= _on_topics(service, topics, "read") | _on_topics(service, owned, "write")
        found.add(Right(service, "group", service, "read"))
    found |= _on_topics(ANALYST, PUBLIC, "read")
    found.add(Right(ANALYST, "group", ANALYSTS_GROUPS, "read", prefix=True))
    every = [topic.name for topic in TOPICS]
    found |= _on_topics(OPERATOR, every, "read", "describe-configs")
    found |= _on_topics(SCALER, every, "describe")
    # Lag is measured without being a member: describing a group tells its offsets.
    found |= {
        Right(who, "group", group, "describe") for who in (OPERATOR, SCALER) for group in READS
    }
    return frozenset(found)


def _on_topics(principal: str, topics: Iterable[str], *deeds: Deed) -> set[Right]:
    return {Right(principal, "topic", topic, deed) for topic in topics for deed in deeds}
