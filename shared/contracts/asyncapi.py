"""The events as one AsyncAPI 3.0 document, made from the contracts."""

import json
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from shared.contracts.catalogue import EVENT_TYPES, PARTITIONS, TOPICS, Topic
from shared.contracts.compatibility import Schema
from shared.contracts.dictionary import retention
from shared.contracts.schemas import published

BINDING = "0.5.0"
"""Version of the Kafka bindings of AsyncAPI."""

DAY_MS = 24 * 3600 * 1000

DESCRIPTION = """\
Events of Limber, the system behind personal training for people who live with chronic pain.

**Envelope.** CloudEvents 1.0.2 in binary mode: attributes in headers (`ce_id`, `ce_type`, …), the
event's data as JSON in the value. Records are delivered at least once: keep each `ce_id` once.

**Order.** Records of one key are in order; between keys there is none. A key has the same
partition number in every topic.

**What may change.** Fields and codes are added, and types; ignore those you do not know. A field
is never removed, renamed or retyped, and a code never leaves: that would be a new type (`.v2`).

**Privacy.** Public topics know people by id alone. Private topics are refused to analysts.
A record without a value on a compacted topic says: forget what you keep under this key.
Once a person is erased, so must be what you derived from that person's id.
"""

_HEADERS: Schema = {
    "type": "object",
    "required": [
        "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0", "description": "Version of CloudEvents."},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "Unique: a record that comes twice has the same. Keep each once.",
        },
        "ce_type": {"type": "string", "description": "Which event it is; names its schema."},
        "ce_source": {"type": "string", "description": "Which service says it."},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When Limber took note of it, RFC 3339 in UTC.",
        },
        "ce_subject": {"type": "string", "description": "Id of what it is about."},
        "content-type": {"const": "application/json", "description": "How the value is written."},
        "traceparent": {"type": "string", "description": "W3C trace context; may be absent."},
    },
}  # fmt: skip

EXAMPLE_TIME = "2026-12-01T15:00:00Z"


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """All topics and messages with their headers, keys, schemas and an example of each."""
    schemas: dict[str, Schema] = {"headers": _HEADERS}
    messages = {name: _message(name, schema, schemas) for name, schema in published().items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Limber events",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
            "tags": [
                {"name": "public", "description": "Open to analysts; people are known by id."},
                {"name": "private", "description": "Names, addresses, free text; for one service."},
                {"name": "compacted", "description": "The newest record of each key is kept."},
            ],
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(_operation(topic, who) for topic in TOPICS for who in _parties(topic)),
        "components": {
            "schemas": schemas,
            "messages": messages,
            "securitySchemes": {
                "analyst": {
                    "type": "scramSha512",
                    "description": "User and password over TLS. May read the public topics with"
                    " groups that begin with `analysts-`; nothing else.",
                }
            },
        },
    }


@lru_cache(maxsize=1)
def text() -> str:
    """The document as YAML."""
    # Without aliases, which readers of AsyncAPI do not expect.
    return yaml.dump(
        json.loads(json.dumps(document())),
        Dumper=_Plain,
        sort_keys=False,
        width=100,
        allow_unicode=True,
    )


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _data: object) -> bool:
        return True


def _servers() -> dict[str, Any]:
    return {
        "machine": {
            "host": "{bootstrap}",
            "protocol": "kafka",
            "description": "The stack of `limber up`; no sign-in.",
            "variables": {
                "bootstrap": {
                    "default": "127.0.0.1:9092",
                    "description": "`limber env` prints it as KAFKA_BOOTSTRAP.",
                }
            },
        },
        "cluster": {
            "host": "{bootstrap}",
            "protocol": "kafka-secure",
            "description": "A cluster with TLS, sign-in and rights for each user.",
            "variables": {"bootstrap": {"description": "Your operators tell it."}},
            "security": [{"$ref": "#/components/securitySchemes/analyst"}],
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    cleanup: dict[str, Any] = {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    if not topic.compacted:
        cleanup["retention.ms"] = topic.retention_days * DAY_MS
    kept = retention(topic)
    rights = (
        f"Private: {' and '.join(topic.readers)} alone may read it."
        if topic.private
        else "Public: analysts may read it."
    )
    tags = ["private" if topic.private else "public", *(["compacted"] if topic.compacted else [])]
    return {
        "address": topic.name,
        "title": topic.name,
        "summary": f"{topic.about[0].upper()}{topic.about[1:]}.",
        "description": f"Written by {topic.owner}. Key: {topic.key}. Kept: {kept}. {rights}",
        "tags": [{"name": tag} for tag in tags],
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": cleanup,
                "bindingVersion": BINDING,
            }
        },
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"}
            for name, schema in published().items()
            if schema["x-topic"] == topic.name
        },
        "x-owner": topic.owner,
        "x-private": topic.private,
    }


def _parties(topic: Topic) -> list[str]:
    return [topic.owner, *topic.readers, *([] if topic.private else ["analysts"])]


def _operation(topic: Topic, who: str) -> tuple[str, dict[str, Any]]:
    sends = who == topic.owner
    verb = "writes" if sends else "read" if who == "analysts" else "reads"
    operation: dict[str, Any] = {
        "action": "send" if sends else "receive",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{who} {verb} {topic.name}.",
        "tags": [{"name": who}],
    }
    if who == "analysts":
        group = {"type": "string", "pattern": "^analysts-"}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
    return f"{who}.{verb}.{topic.name}", operation


def _message(name: str, schema: Schema, schemas: dict[str, Schema]) -> dict[str, Any]:
    sample = schema["examples"][0]
    key = schema["x-key"]
    payload = {
        part: value
        for part, value in schema.items()
        if part not in {"$schema", "$id", "$defs", "examples"}
    }
    for part, inner in schema.get("$defs", {}).items():
        hoisted = _hoisted(inner)
        if schemas.setdefault(part, hoisted) != hoisted:
            raise ValueError(f"two parts of events are called {part}")
    return {
        "name": name,
        "title": schema["title"],
        "summary": schema["description"].splitlines()[0],
        "description": schema["description"],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": _hoisted(payload),
        "bindings": {
            "kafka": {
                "key": {"type": "string", "format": "uuid", "description": f"Equals `{key}`."},
                "bindingVersion": BINDING,
            }
        },
        "examples": [
            {
                "name": name,
                "headers": {
                    "ce_specversion": "1.0",
                    "ce_id": str(uuid5(NAMESPACE_URL, name)),
                    "ce_type": name,
                    "ce_source": _source(schema["x-topic"]),
                    "ce_time": EXAMPLE_TIME,
                    "ce_subject": EVENT_TYPES[name].model_validate(sample).subject,
                    "content-type": "application/json",
                },
                "payload": sample,
            }
        ],
    }


def _source(topic: str) -> str:
    return next(f"/limber/{one.owner}" for one in TOPICS if one.name == topic)


def _hoisted(schema: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    """The schema with its parts under `components`; what stands beside a `$ref` is kept."""
    if isinstance(schema, list):
        return [_hoisted(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" not in schema:
        return {name: _hoisted(value) for name, value in schema.items()}
    reference = {"$ref": schema["$ref"].replace("#/$defs/", "#/components/schemas/")}
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    # Readers of AsyncAPI ignore what stands beside a reference.
    return {"allOf": [reference], **beside} if beside else reference
