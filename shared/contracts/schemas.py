"""JSON Schemas of all events: generated, committed, and never broken once released.

`python -m shared.contracts.schemas write` after a change; `check` fails when the committed files
differ from the models or when a change would break a consumer.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event

FOLDER = Path(__file__).parent / "schemas"

Schema = dict[str, Any]


def schema(event: type[Event]) -> Schema:
    """The JSON Schema (2020-12) of an event's data, as a producer writes it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:limber:event:{event.type}",
        **event.model_json_schema(mode="serialization"),
        "x-topic": event.topic,
    }


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What in `new` breaks a consumer of `old`: fields gone, retyped, or no longer always there.

    New fields are welcome. Works on properties by path, references resolved.
    """
    before, after = dict(fields(old)), dict(fields(new))
    found = []
    for path, (kind, required) in before.items():
        if path not in after:
            found.append(f"{path} is gone")
            continue
        new_kind, still_required = after[path]
        if not _narrows(kind, new_kind):
            found.append(f"{path} was {json.dumps(kind)} and is {json.dumps(new_kind)}")
        if required and not still_required:
            found.append(f"{path} may now be absent")
    return found


def fields(schema: Schema) -> Iterator[tuple[str, tuple[Any, bool]]]:
    """Dotted path of every field, with its kind and whether it is always there."""
    return _fields(schema, schema, "")


def _fields(schema: Schema, root: Schema, path: str) -> Iterator[tuple[str, tuple[Any, bool]]]:
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield place, (_kind(raw, root), name in required)
        for part in _objects(raw, root):
            yield from _fields(part, root, place)


def _resolve(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: Schema = root["$defs"][reference.rsplit("/", maxsplit=1)[-1]]
    return resolved


def _objects(raw: Schema, root: Schema) -> Iterator[Schema]:
    schema = _resolve(raw, root)
    for part in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        resolved = _resolve(part, root)
        if "properties" in resolved:
            yield resolved
        elif resolved is not schema and "items" in resolved:
            yield from _objects(resolved, root)


def _kind(raw: Schema, root: Schema) -> Any:  # noqa: ANN401 - a small tree of JSON
    schema = _resolve(raw, root)
    if "anyOf" in schema:
        return sorted((_kind(part, root) for part in schema["anyOf"]), key=json.dumps)
    kept: Mapping[str, Any] = {
        name: schema[name] for name in ("type", "format", "const") if name in schema
    }
    if "items" in schema:
        return {**kept, "items": _kind(schema["items"], root)}
    return dict(kept)


def _narrows(old: Any, new: Any) -> bool:  # noqa: ANN401
    """Whether every value of the new kind is one a reader of the old kind expects."""
    if old == new:
        return True
    olds = old if isinstance(old, list) else [old]
    news = new if isinstance(new, list) else [new]
    return all(kind in olds for kind in news)


def check() -> list[str]:
    """Faults of the committed schemas against today's models; empty when all is well."""
    faults = []
    for name, event in EVENT_TYPES.items():
        file = FOLDER / f"{name}.json"
        if not file.exists():
            faults.append(f"{name}: no schema is committed; run `write`")
            continue
        committed = json.loads(file.read_text())
        today = schema(event)
        faults += [f"{name}: {change}" for change in breaking_changes(committed, today)]
        if committed != today:
            faults.append(f"{name}: the committed schema is out of date; run `write`")
    faults += [
        f"{file.stem}: released, but no model reads it any more"
        for file in sorted(FOLDER.glob("*.json"))
        if file.stem not in EVENT_TYPES
    ]
    return faults


def write() -> list[str]:
    """Write the schemas, unless that would break a consumer; returns what stands against it."""
    faults = [
        f"{name}: {change}"
        for name, event in EVENT_TYPES.items()
        if (file := FOLDER / f"{name}.json").exists()
        for change in breaking_changes(json.loads(file.read_text()), schema(event))
    ]
    if not faults:
        FOLDER.mkdir(exist_ok=True)
        for name, event in EVENT_TYPES.items():
            text = json.dumps(schema(event), indent=2, ensure_ascii=False) + "\n"
            (FOLDER / f"{name}.json").write_text(text)
    return faults


if __name__ == "__main__":
    found = write() if sys.argv[1:] == ["write"] else check()
    sys.stderr.write("".join(f"{fault}\n" for fault in found))
    sys.exit(1 if found else 0)
