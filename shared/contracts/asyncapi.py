"""The events as one AsyncAPI 3.0 document, made from the contracts."""

from functools import lru_cache
from typing import Any

from shared.contracts.catalogue import EVENT_TYPES, PARTITIONS, TOPICS
from shared.contracts.schemas import schema

_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "unique: dedupe by it"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string"},
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string"},
    },
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """All topics and messages with their headers, keys and schemas."""
    channels, operations = {}, {}
    for topic in TOPICS:
        events = [e for e in EVENT_TYPES.values() if e.topic == topic.name]
        retention = "newest per key" if topic.compacted else f"{topic.retention_days} days"
        channels[topic.name] = {
            "address": topic.name,
            "description": f"{topic.about}. Written by {topic.owner}. Kept: {retention}."
            + (" Private: not for analysts." if topic.private else ""),
            "bindings": {"kafka": {"partitions": PARTITIONS, "bindingVersion": "0.5.0"}},
            "messages": {e.type: {"$ref": f"#/components/messages/{e.type}"} for e in events},
        }
        operations[f"publish.{topic.name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Limber events",
            "version": "1",
            "description": "CloudEvents 1.0.2 in binary mode. At least once: dedupe by ce_id.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {
                e.type: {
                    "name": e.type,
                    "summary": (e.__doc__ or "").splitlines()[0],
                    "headers": _HEADERS,
                    "payload": schema(e),
                    "bindings": {
                        "kafka": {
                            "key": {"type": "string", "format": "uuid"},
                            "bindingVersion": "0.5.0",
                        }
                    },
                }
                for e in EVENT_TYPES.values()
            }
        },
    }
