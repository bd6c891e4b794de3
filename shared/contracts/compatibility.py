"""What a change of an event's schema would break, for readers of today and for records of before.

Records stay on the topics for months and services are replaced one after another, so a change must
hold both ways: an old reader reads new records, and a new reader reads old ones.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


@dataclass(frozen=True)
class Field:
    """What a schema says about one field."""

    kind: Any
    required: bool
    codes: frozenset[str]
    bounds: tuple[tuple[str, float], ...]
    unit: str | None
    default: str | None


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What in `new` breaks a reader of `old`, or a record written as `old` says.

    Welcome are new optional fields, new codes (readers expect some they do not know), a format
    where none was told, and better descriptions. References within a schema are followed.
    """
    found = [
        f"{name} was {json.dumps(old.get(name))} and is {json.dumps(new.get(name))}"
        for name in ("x-topic", "x-key")
        if name in old and old[name] != new.get(name)
    ]
    before, after = dict(fields(old)), dict(fields(new))
    for path, was in before.items():
        found += [f"{path} is gone"] if path not in after else _changed(path, was, after[path])
    found += [
        f"{path} is new and required; records of before do not have it"
        for path, field in after.items()
        if field.required and path not in before and _parent_is_old(path, before)
    ]
    return found


def fields(schema: Schema) -> Iterator[tuple[str, Field]]:
    """Each field by its dotted path, parts of lists and of other fields included."""
    return _fields(schema, schema, "")


def resolve(schema: Schema, root: Schema) -> Schema:
    """The schema that a `$ref` into the same document names, or the schema itself."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: Schema = root["$defs"][reference.rsplit("/", maxsplit=1)[-1]]
    return resolved


def parts(raw: Schema, root: Schema) -> Iterator[Schema]:
    """A field's schema and all it is made of: alternatives, items, values by name."""
    schema = resolve(raw, root)
    yield schema
    inner = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    for part in inner:
        if isinstance(part, dict):
            yield from parts(part, root)


def _changed(path: str, was: Field, now: Field) -> Iterator[str]:
    if not _same_kind(was.kind, now.kind):
        yield f"{path} was {json.dumps(was.kind)} and is {json.dumps(now.kind)}"
    if was.required and not now.required:
        yield f"{path} may now be absent"
    if now.required and not was.required:
        yield f"{path} is now required; records of before may not have it"
    if gone := was.codes - now.codes:
        yield f"{path} no longer knows {', '.join(sorted(gone))}"
    if now.codes and not was.codes:
        yield f"{path} was free and now has codes"
    if was.bounds != now.bounds:
        yield f"{path} was {_range(was)} and is {_range(now)}"
    if was.unit is not None and was.unit != now.unit:
        yield f"{path} was in {was.unit} and is in {now.unit}"
    if was.default is not None and not now.required and was.default != now.default:
        yield f"{path} meant {was.default} when absent and means {now.default}"


def _range(field: Field) -> str:
    return ", ".join(f"{name} {value}" for name, value in field.bounds) or "without bounds"


def _parent_is_old(path: str, before: dict[str, Field]) -> bool:
    # A part that is new as a whole may require what it likes.
    parent = path.rpartition(".")[0]
    return not parent or parent in before


def _fields(schema: Schema, root: Schema, path: str) -> Iterator[tuple[str, Field]]:
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield place, _field(raw, root, required=name in required)
        for part in parts(raw, root):
            yield from _fields(part, root, place)


def _field(raw: Schema, root: Schema, *, required: bool) -> Field:
    made_of = list(parts(raw, root))
    codes = {
        str(code)
        for part in made_of
        for code in (*part.get("enum", ()), *((part["const"],) if "const" in part else ()))
    }
    units = [part["x-unit"] for part in (raw, *made_of) if "x-unit" in part]
    return Field(
        kind=_kind(raw, root),
        required=required,
        codes=frozenset(codes),
        bounds=tuple((name, p[name]) for p in made_of for name in BOUNDS if name in p),
        unit=units[0] if units else None,
        default=json.dumps(raw["default"]) if "default" in raw else None,
    )


def _kind(raw: Schema, root: Schema) -> Any:  # noqa: ANN401 - a small tree of JSON
    schema = resolve(raw, root)
    if "anyOf" in schema:
        return sorted((_kind(part, root) for part in schema["anyOf"]), key=json.dumps)
    kept: Schema = {name: schema[name] for name in ("type", "format") if name in schema}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            kept[name] = _kind(schema[name], root)
    return kept


def _same_kind(old: Any, new: Any) -> bool:  # noqa: ANN401
    """Whether both are of one kind; a format that is told for the first time changes nothing."""
    if isinstance(old, list) and isinstance(new, list):
        pairs = zip(old, new, strict=False)
        return len(old) == len(new) and all(_same_kind(was, now) for was, now in pairs)
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return bool(old == new)
    told = {name: value for name, value in new.items() if name != "format" or name in old}
    return old.keys() == told.keys() and all(_same_kind(old[name], told[name]) for name in old)
