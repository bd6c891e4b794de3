"""Every field of every event in words: type, unit or codes, meaning, since when, an example."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from shared.contracts.catalogue import PARTITIONS, TOPICS, Topic
from shared.contracts.compatibility import BOUNDS, Schema, fields, parts, resolve
from shared.contracts.schemas import Release, published, releases

EXAMPLE_CHARACTERS = 60
"""Of an example in a table; the whole sample stands below it."""

NAMES = {
    ("string", "uuid"): "UUID",
    ("string", "date-time"): "instant",
    ("string", "date"): "date",
    ("string", None): "text",
    ("integer", None): "integer",
    ("number", None): "number",
    ("boolean", None): "true or false",
    ("null", None): "null",
}


@dataclass(frozen=True)
class Row:
    """A field. `path` has a dot before fields within fields and `[]` after lists."""

    path: str
    type: str
    values: str
    meaning: str
    since: str
    example: str


@dataclass(frozen=True)
class Entry:
    """An event: what it says, where and under which key, and its fields."""

    type: str
    meaning: str
    topic: str
    key: str
    since: str
    rows: tuple[Row, ...]
    sample: str


def retention(topic: Topic) -> str:
    """How long records of a topic are kept, in words."""
    return "the newest of each key" if topic.compacted else f"{topic.retention_days} days"


@lru_cache(maxsize=1)
def entries() -> dict[str, list[Entry]]:
    """The events of each topic, in the catalogue's order."""
    told: dict[str, list[Entry]] = {topic.name: [] for topic in TOPICS}
    frozen = releases()
    for name, schema in published().items():
        since = _since(name, frozen)
        sample = schema["examples"][0]
        told[schema["x-topic"]].append(
            Entry(
                type=name,
                meaning=schema["description"],
                topic=schema["x-topic"],
                key=schema["x-key"],
                since=since.get("", "next"),
                rows=tuple(_rows(schema, schema, sample, since, ("", ""))),
                sample=json.dumps(sample, indent=2, ensure_ascii=False),
            )
        )
    return told


def markdown() -> str:
    """The dictionary of the public topics as one Markdown page."""
    lines = [
        "# Data dictionary",
        "",
        "Made from the contracts by `python -m shared.contracts.publish write`; edit those alone.",
        "How to read the events stands in [analysts.md](../analysts.md), the whole document for",
        "machines in [asyncapi.yaml](asyncapi.yaml).",
        "",
        "Instants are RFC 3339 in UTC. `since` is the release of the schemas that brought a field;",
        "in records of before it is absent. Codes may be added: count those you do not know rather",
        "than fail. A field that may be null says what null means.",
        "",
        "| topic | what it tells | key | kept |",
        "|---|---|---|---|",
    ]
    public = [topic for topic in TOPICS if not topic.private]
    lines += [
        f"| [{topic.name}](#{_anchor(topic.name)}) | {topic.about} | {topic.key} |"
        f" {retention(topic)} |"
        for topic in public
    ]
    lines += ["", f"Each topic has {PARTITIONS} partitions; a key has the same number in all.", ""]
    for topic in public:
        lines += [f"## {topic.name}", ""]
        for entry in entries()[topic.name]:
            lines += [
                f"### {entry.type}",
                "",
                entry.meaning.replace("\n\n", " "),
                f"Key: `{entry.key}`. Since release {entry.since}.",
                "",
                "| field | type | unit, range or codes | meaning | since | example |",
                "|---|---|---|---|---|---|",
                *(_line(row) for row in entry.rows),
                "",
            ]
    return "\n".join(lines[:-1]) + "\n"


def _line(row: Row) -> str:
    example = f"`{row.example}`" if row.example else ""
    cells = (f"`{row.path}`", row.type, row.values, row.meaning, row.since, example)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _rows(
    schema: Schema, root: Schema, sample: object, since: dict[str, str], at: tuple[str, str]
) -> Iterator[Row]:
    """Rows of an object; `at` is the path to it as shown, and as the gate names it."""
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        value = sample.get(name) if isinstance(sample, dict) else None
        is_list = any(part.get("type") == "array" for part in parts(raw, root))
        shown, named = f"{at[0]}{name}", f"{at[1]}{name}"
        yield Row(
            path=shown,
            type=_type(raw, root) + ("" if name in required else ", may be absent"),
            values=_values(raw, root),
            meaning=str(raw.get("description", "")).replace("\n\n", " "),
            since=since.get(named, "next"),
            example=_example(value),
        )
        first = value[0] if isinstance(value, list) and value else value
        below = (f"{shown}{'[]' if is_list else ''}.", f"{named}.")
        for part in parts(raw, root):
            if "properties" in part:
                yield from _rows(part, root, first, since, below)


def _type(raw: Schema, root: Schema) -> str:
    schema = resolve(raw, root)
    if "anyOf" in schema:
        return " or ".join(_type(part, root) for part in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return "code"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_type(schema['items'], root)}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"{_type(values, root)} by name" if isinstance(values, dict) else "object"
    return NAMES[str(kind), schema.get("format")]


def _values(raw: Schema, root: Schema) -> str:
    codes: list[str] = []
    told = []
    for part in (raw, *parts(raw, root)):
        codes += [*part.get("enum", ()), *([part["const"]] if "const" in part else [])]
        if "x-unit" in part and part["x-unit"] not in told:
            told.append(part["x-unit"])
        elif "x-unit" not in part:
            told += [f"{bound} {part[bound]}" for bound in BOUNDS if bound in part]
    return ", ".join([*told, *(f"`{code}`" for code in dict.fromkeys(codes))])


def _example(value: object) -> str:
    if isinstance(value, dict) or (
        isinstance(value, list) and value and isinstance(value[0], dict)
    ):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= EXAMPLE_CHARACTERS else text[: EXAMPLE_CHARACTERS - 1] + "…"


def _since(name: str, frozen: list[tuple[int, Release]]) -> dict[str, str]:
    """The first release that had each field, by its path; of the type itself under ''."""
    since: dict[str, str] = {}
    for number, release in frozen:
        if name in release:
            since.setdefault("", str(number))
            for path, _ in fields(release[name]):
                since.setdefault(path, str(number))
    return since
