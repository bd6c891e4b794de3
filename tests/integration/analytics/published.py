"""Golden events on topics of a test's own, published by the real outbox and relay."""

import json
from functools import lru_cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from shared import outbox
from shared.contracts import asyncapi
from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event
from shared.contracts.schemas import published
from shared.outbox import Relay
from shared.postgres import Database
from tests.integration.shared.fabric import NOW, make_topic


@lru_cache(maxsize=1)
def document() -> Any:
    """The AsyncAPI document as it is served."""
    return yaml.load(asyncapi.text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def validator(kind: str) -> Draft202012Validator:
    """Judges the value of an event by the document alone."""
    told = document()
    return Draft202012Validator(
        {**told["components"]["messages"][kind]["payload"], "components": told["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def headers_validator() -> Draft202012Validator:
    """Judges the headers of a record by the document alone."""
    return Draft202012Validator(document()["components"]["schemas"]["headers"])


def kinds_of(topic: str) -> list[str]:
    """The types that the document names for a topic."""
    return list(document()["channels"][topic]["messages"])


def sample(kind: str) -> dict[str, Any]:
    """The golden sample of a type."""
    found: dict[str, Any] = published()[kind]["examples"][0]
    return found


async def publish(db: Database, bootstrap: str, kinds: list[str]) -> str:
    """The samples on a new topic, through outbox and relay as in production; returns its name."""
    topic = await make_topic(bootstrap)
    events = [_here(EVENT_TYPES[kind], topic).model_validate(sample(kind)) for kind in kinds]
    async with db.transaction() as tx:
        await outbox.add(tx, events, now=NOW)
    relay = Relay(db, bootstrap, source="/limber/booking")
    try:
        assert len(kinds) == await relay.publish_batch()
    finally:
        await relay.close()
    return topic


def _here(event: type[Event], topic: str) -> type[Event]:
    return type(event.__name__, (event,), {"topic": topic, "__module__": __name__})


def judged(kind: str, key: str, headers: dict[str, str], value: str) -> list[str]:
    """What of a record is not as documented; empty when all is well."""
    told = document()["components"]["messages"][kind]["payload"]["x-key"]
    data = json.loads(value)
    return [
        *(fault.message for fault in headers_validator().iter_errors(headers)),
        *(fault.message for fault in validator(kind).iter_errors(data)),
        *([] if key == data[told] else [f"the key is not {told}"]),
        *([] if kind == headers["ce_type"] else ["another type"]),
    ]
