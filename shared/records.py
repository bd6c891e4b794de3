"""From a raw Kafka record to an event, a reason why it cannot be one, or something not for us."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import ConsumerRecord
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from shared.contracts.booking import ClientErased
from shared.contracts.event import Envelope, Event
from shared.tracing import read_traceparent

MAX_VALUE_BYTES = 1024 * 1024
"""Larger values are parked unread: none of ours come near (see `shared.outbox.MAX_EVENT_BYTES`)."""

MAX_ID_LENGTH = 200

_time = TypeAdapter(AwareDatetime)
_NULL = re.compile(r"\\u0000|\x00")


class PoisonError(Exception):
    """The record can never be handled as it is; the text says why, without quoting its content."""


@dataclass(frozen=True)
class Tombstone:
    """A record without a value on a compacted topic: forget what is stored under the key."""

    topic: str
    key: str


def erases(record: ConsumerRecord) -> bool:
    """Whether a record has something forgotten: it waits behind no parked record of its key."""
    return record.value is None or ("ce_type", ClientErased.type.encode()) in record.headers


def record_key(record: ConsumerRecord) -> str | None:
    """The record's key as text; None without a key. Bytes that are not UTF-8 are escaped."""
    if record.key is None:
        return None
    return str(record.key, "utf-8", "backslashreplace").replace("\x00", "\\x00")


def read_record(
    record: ConsumerRecord, wanted: Mapping[str, type[Event]], compacted: frozenset[str]
) -> Envelope[Event] | Tombstone | None:
    """The event in a record; None when its type is none of `wanted`.

    Raises:
        PoisonError: headers, JSON or schema are wrong, or the value is missing or too large.
    """
    headers = _headers(record.headers)
    if record.value is None:
        key = record_key(record)
        if record.topic in compacted and key is not None:
            return Tombstone(record.topic, key)
        raise PoisonError("no value: a tombstone on a topic that keeps every record")
    if len(record.value) > MAX_VALUE_BYTES:
        raise PoisonError(f"the value has {len(record.value)} bytes, more than {MAX_VALUE_BYTES}")
    kind = _attribute(headers, "ce_type")
    model = wanted.get(kind)
    if model is None:
        return None
    identity, source = _attribute(headers, "ce_id"), _attribute(headers, "ce_source")
    time = _read_time(_attribute(headers, "ce_time"))
    try:
        data = model.model_validate_json(record.value)
    except ValidationError as wrong:
        raise PoisonError(_schema_faults(wrong)) from None
    except RecursionError:
        raise PoisonError("the value is nested too deeply") from None
    if _NULL.search(str(record.value, "utf-8", "replace")):
        raise PoisonError("the value holds a null character")
    if record_key(record) != data.key:
        raise PoisonError("the record key is not the key of its event")
    subject = headers.get("ce_subject")
    return Envelope(
        id=identity,
        source=source,
        type=kind,
        time=time,
        subject=subject.decode("utf-8", "replace") if subject else None,
        data=data,
        traceparent=read_traceparent(headers.get("traceparent")),
    )


def _headers(raw: Iterable[tuple[str, bytes | None]]) -> dict[str, bytes | None]:
    return {str(name): value for name, value in raw}


def _attribute(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise PoisonError(f"header {name} is missing or empty")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise PoisonError(f"header {name} is not UTF-8") from None
    if len(text) > MAX_ID_LENGTH or "\x00" in text:
        raise PoisonError(f"header {name} is longer than {MAX_ID_LENGTH} or holds a null character")
    return text


def _read_time(text: str) -> datetime:
    try:
        return _time.validate_python(text)
    except ValidationError:
        raise PoisonError("header ce_time is not an RFC 3339 instant") from None


def _schema_faults(wrong: ValidationError) -> str:
    # The input itself is left out: it may hold what must not reach a log.
    faults: list[dict[str, Any]] = [
        dict(fault) for fault in wrong.errors(include_input=False, include_url=False)
    ]
    told = "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'value'}: {fault['type']}" for fault in faults[:5]
    )
    return f"the value does not fit its schema: {told}"
