"""JSON Schemas of all events: generated, committed, and never broken once released.

`python -m shared.contracts.schemas write` after a change; `release` freezes what is written, for
good. `check` fails when the committed files differ from the models, when a change would break a
reader or a record of before, when a released sample can no longer be read, when a field of a public
event is not described, or when a frozen file was touched.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.contracts.catalogue import EVENT_TYPES, TOPICS
from shared.contracts.compatibility import Schema, breaking_changes, parts
from shared.contracts.event import Event

FOLDER = Path(__file__).parent / "schemas"
RELEASED = Path(__file__).parent / "released"
SAMPLES = Path(__file__).parents[2] / "tests" / "contract" / "samples"

CHECKSUMS = "checksums.txt"

PUBLIC = frozenset(topic.name for topic in TOPICS if not topic.private)

Release = dict[str, Schema]
"""The schemas, each with its sample, of the types that a release brought or changed."""


def schema(event: type[Event]) -> Schema:
    """The JSON Schema (2020-12) of an event's data, as a producer writes it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:limber:event:{event.type}",
        **event.model_json_schema(mode="serialization"),
        "x-topic": event.topic,
        "x-key": key_field(event),
    }


def key_field(event: type[Event]) -> str:
    """The field whose value is the record key."""
    # Every field holds its own name, so the key tells which one it is.
    named: dict[str, Any] = {name: name for name in event.model_fields}
    return event.model_construct(**named).key


@lru_cache(maxsize=1)
def published() -> Release:
    """Every type's committed schema with its sample under `examples`, in the catalogue's order."""
    return {
        name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        for name in EVENT_TYPES
    }


def today(samples: Path = SAMPLES) -> Release:
    """As `published`, made from the models and the golden samples; a missing sample is left out."""
    made = {}
    for name, event in EVENT_TYPES.items():
        file = samples / f"{name}.json"
        examples = [json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []
        made[name] = {**schema(event), "examples": examples}
    return made


def releases(folder: Path = RELEASED) -> list[tuple[int, Release]]:
    """The frozen releases, oldest first."""
    files = sorted(folder.glob("*.json"), key=lambda file: int(file.stem))
    return [(int(file.stem), json.loads(file.read_text(encoding="utf-8"))) for file in files]


def check(folder: Path = FOLDER, released: Path = RELEASED) -> list[str]:
    """Faults of committed and released schemas against today's models; empty when all is well."""
    made, faults = today(), []
    for name, new in made.items():
        file = folder / f"{name}.json"
        if not new["examples"]:
            faults.append(f"{name}: no sample in {SAMPLES.name}/")
        if not file.exists():
            faults.append(f"{name}: no schema is committed; run `write`")
            continue
        committed = json.loads(file.read_text(encoding="utf-8"))
        faults += [f"{name}: {change}" for change in breaking_changes(committed, new)]
        if committed != new:
            faults.append(f"{name}: the committed schema is out of date; run `write`")
    faults += [
        f"{file.stem}: committed, but no model reads it any more"
        for file in sorted(folder.glob("*.json"))
        if file.stem not in made
    ]
    faults += [f"{name}: {path} has no description" for name, path in undescribed(made)]
    faults += seals_broken(released)
    for number, release in releases(released):
        faults += [f"release {number}: {fault}" for fault in broken(release, made)]
    return faults


def broken(release: Release, made: Release) -> Iterator[str]:
    """What today's models break of a release: types, schemas, and samples on the topics."""
    for name, old in release.items():
        if name not in made:
            yield f"{name}: no model reads it any more"
            continue
        for change in breaking_changes(old, made[name]):
            yield f"{name}: {change}"
        for sample in old["examples"]:
            try:
                EVENT_TYPES[name].model_validate(sample)
            except ValidationError as wrong:
                places = {".".join(map(str, fault["loc"])) for fault in wrong.errors()}
                yield f"{name}: its sample is no longer read: {', '.join(sorted(places))}"


def undescribed(made: Release) -> Iterator[tuple[str, str]]:
    """Fields of public events that nobody has described, as type and path."""
    for name, root in made.items():
        if root["x-topic"] in PUBLIC:
            for path in _undescribed(root, root, ""):
                yield name, path


def _undescribed(schema: Schema, root: Schema, path: str) -> Iterator[str]:
    for name, raw in schema.get("properties", {}).items():
        if not raw.get("description"):
            yield f"{path}{name}"
        for part in parts(raw, root):
            yield from _undescribed(part, root, f"{path}{name}.")


def write(folder: Path = FOLDER) -> list[str]:
    """Write the schemas, unless that would break somebody; returns what stands against it."""
    made = today()
    faults = [
        f"{name}: {change}"
        for name, new in made.items()
        if (file := folder / f"{name}.json").exists()
        for change in breaking_changes(json.loads(file.read_text(encoding="utf-8")), new)
    ]
    if not faults:
        folder.mkdir(exist_ok=True)
        for name, new in made.items():
            (folder / f"{name}.json").write_text(_text(new), encoding="utf-8")
    return faults


def release(folder: Path = RELEASED) -> list[str]:
    """Freeze what differs from the newest release; returns what stands against it."""
    faults = check(released=folder)
    if faults:
        return faults
    before: Release = {}
    number = 0
    for number, old in releases(folder):  # noqa: B007 - the newest number is used below
        before |= old
    new = {name: one for name, one in today().items() if before.get(name) != one}
    if new:
        folder.mkdir(exist_ok=True)
        text = json.dumps(new, indent=1, ensure_ascii=False) + "\n"
        file = folder / f"{number + 1}.json"
        file.write_text(text, encoding="utf-8")
        with (folder / CHECKSUMS).open("a", encoding="utf-8") as seals:
            seals.write(f"{_checksum(file)} {file.name}\n")
    return []


def seals_broken(folder: Path = RELEASED) -> list[str]:
    """Frozen files that were changed, removed, or put there by hand."""
    seals = folder / CHECKSUMS
    lines = seals.read_text(encoding="utf-8").splitlines() if seals.exists() else []
    sealed = {name: checksum for checksum, name in map(str.split, lines)}
    found = {file.name: _checksum(file) for file in folder.glob("*.json")}
    return [
        *(f"released/{name}: frozen, but gone" for name in sorted(sealed.keys() - found.keys())),
        *(f"released/{name}: not frozen by `release`" for name in sorted(found.keys() - sealed)),
        *(
            f"released/{name}: changed after it was frozen"
            for name in sorted(sealed.keys() & found.keys())
            if sealed[name] != found[name]
        ),
    ]


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _text(document: Any) -> str:  # noqa: ANN401
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


COMMANDS = {"check": check, "write": write, "release": release}

if __name__ == "__main__":
    found = COMMANDS[sys.argv[1] if len(sys.argv) > 1 else "check"]()
    sys.stderr.write("".join(f"{fault}\n" for fault in found))
    sys.exit(1 if found else 0)
