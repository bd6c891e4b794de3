"""How the data files are written, as models; `python -m shared.options.entries` writes the schema.

`schema.json` beside the files is what editors check them against.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.submissions import RedFlag
from shared.vocabulary.codes import (
    Condition,
    Equipment,
    Family,
    Health,
    Kind,
    Place,
    Position,
    Region,
)

SCHEMA_FILE = Path(__file__).parent / "schema.json"

NAME_CHARACTERS = 60
"""One line of a phone's screen."""

LINE_CHARACTERS = 160
"""Purpose and each step: what can be read at a glance while moving."""

NOTE_CHARACTERS = 200
"""What to watch and when to stop: two short sentences."""

LOAD_MAX, IMPACT_MAX, EFFORT_MAX = 5, 2, 10
"""Load from 1 (hardly any) to 5, impact from 0 (none) to 2, effort as clients rate it (0-10)."""

Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS)]
Line = Annotated[str, Field(min_length=1, max_length=LINE_CHARACTERS)]
Note = Annotated[str, Field(min_length=1, max_length=NOTE_CHARACTERS)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dose(_Data):
    """Where a plan starts. Minutes are of one time; `hold_seconds` of one repetition."""

    per_week: Annotated[int, Field(ge=1, le=7)]
    sets: Annotated[int, Field(ge=1, le=3)] | None = None
    repetitions: Annotated[int, Field(ge=1, le=15)] | None = None
    minutes: Annotated[int, Field(ge=1, le=30)] | None = None
    hold_seconds: Annotated[int, Field(ge=2, le=60)] | None = None

    @model_validator(mode="after")
    def _counts_one_way(self) -> Self:
        if self.minutes is not None and self.repetitions is not None:
            raise ValueError("counts repetitions or minutes, not both")
        if (self.sets is None) != (self.repetitions is None):
            raise ValueError("sets and repetitions belong together")
        if self.hold_seconds is not None and self.repetitions is None:
            raise ValueError("hold_seconds belongs to a repetition")
        return self


class Words(_Data):
    """What the client reads, in one language."""

    name: Name
    purpose: Line
    steps: Annotated[tuple[Line, ...], Field(min_length=3, max_length=6)]
    watch: Note
    stop: Note | None = None


class Avoid(_Data):
    """With which answers an option is left out."""

    conditions: tuple[Condition, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    screening: tuple[Health, ...] = ()


class Entry(_Data):
    """An option as it is written.

    The first of `positions` is the one it is done in; a client who is to keep out of any of them
    is not offered it. `harder` names the next steps; the easier ones follow from it.
    """

    code: Code
    kind: Kind
    regions: Annotated[tuple[Region, ...], Field(min_length=1)]
    positions: Annotated[tuple[Position, ...], Field(min_length=1)]
    load: Annotated[int, Field(ge=1, le=LOAD_MAX)]
    impact: Annotated[int, Field(ge=0, le=IMPACT_MAX)] = 0
    effort: Annotated[int, Field(ge=0, le=EFFORT_MAX)]
    dose: Dose
    equipment: tuple[Equipment, ...] = ()
    suits: Annotated[tuple[Condition, ...], Field(min_length=1)] | Literal["all"]
    avoid: Avoid = Avoid()
    harder: tuple[Code, ...] = ()
    virtual: bool = True
    place: Place | None = None
    en: Words
    fr: Words


class FamilyFile(_Data):
    """One data file. `sign_off` names the values a physiotherapist still has to approve.

    `avoid` holds for every option of the file.
    """

    version: str
    family: Family
    sign_off: tuple[str, ...]
    avoid: Avoid
    options: Annotated[tuple[Entry, ...], Field(min_length=1)]


def schema() -> str:
    """The JSON Schema (2020-12) of a data file, as text."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FamilyFile.model_json_schema(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema(), "utf-8")
