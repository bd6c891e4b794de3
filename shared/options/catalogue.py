"""All options, and which of them are asked for: the data files as one checked whole."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from typing import TypeVar, get_args

from shared.contracts.submissions import RedFlag
from shared.options.entries import Dose, Entry, FamilyFile, Words
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
from shared.vocabulary.labels import vocabulary

T = TypeVar("T")


@dataclass(frozen=True)
class Contraindications:
    """What rules an option out; `positions` are those the client must be able to take."""

    conditions: tuple[Condition, ...]
    red_flags: tuple[RedFlag, ...]
    screening: tuple[Health, ...]
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class Text:
    """What the client reads, in each language."""

    en: Words
    fr: Words


@dataclass(frozen=True)
class Option:
    """Something a plan can hold. Load 1-5, impact 0-2; effort as the client would rate it, 0-10.

    `easier` and `harder` are codes of its neighbours in the same family. `virtual` says whether a
    trainer can guide it by video; `place` is where it happens when a room will not do.
    """

    code: str
    family: Family
    kind: Kind
    regions: tuple[Region, ...]
    position: Position
    load: int
    impact: int
    effort: int
    dose: Dose
    equipment: tuple[Equipment, ...]
    suits: tuple[Condition, ...]
    contraindications: Contraindications
    easier: tuple[str, ...]
    harder: tuple[str, ...]
    virtual: bool
    place: Place | None
    text: Text


@dataclass(frozen=True)
class Catalogue:
    """All options of one version, family by family."""

    version: str
    options: tuple[Option, ...]

    def by_code(self) -> Mapping[str, Option]:
        """Each option by its code."""
        return self._by_code

    @cached_property
    def _by_code(self) -> Mapping[str, Option]:
        return {option.code: option for option in self.options}

    def select(
        self, *, family: Family | None = None, region: Region | None = None
    ) -> tuple[Option, ...]:
        """The options of a family and for a region; what is null does not matter."""
        return tuple(
            option
            for option in self.options
            if (family is None or option.family == family)
            and (region is None or region in option.regions)
        )


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue of this release.

    Raises:
        ValueError: a file does not fit its schema, or the options do not fit together.
    """
    files = [read(family) for family in get_args(Family)]
    found = assemble(files)
    if wrong := faults(found):
        raise ValueError("; ".join(wrong))
    return found


def read(family: Family) -> FamilyFile:
    """The data file of a family."""
    text = resources.files(__package__).joinpath(f"{family}.toml").read_text("utf-8")
    return FamilyFile.model_validate(tomllib.loads(text))


def assemble(files: Iterable[FamilyFile]) -> Catalogue:
    """The files as one catalogue; it carries the version that all of them have."""
    files = tuple(files)
    versions = sorted({file.version for file in files})
    easier: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        for entry in file.options:
            for harder in entry.harder:
                easier[harder].append(entry.code)
    return Catalogue(
        "+".join(versions),
        tuple(_option(file, entry, easier) for file in files for entry in file.options),
    )


def faults(found: Catalogue) -> list[str]:
    """What does not fit together, a sentence each; nothing when all is well."""
    options = found.by_code()
    wrong = ["The files have different versions."] if "+" in found.version else []
    if len(options) < len(found.options):
        wrong.append("A code is there twice.")
    kinds = {term.code: term.family for term in vocabulary().option_kinds}
    for option in found.options:
        if kinds[option.kind] != option.family:
            wrong.append(f"{option.code}: {option.kind} is no kind of {option.family}.")
        for code in option.harder:
            wrong += _faults_of_step(option, options.get(code), code)
        for code in option.easier:
            if code not in options or option.code not in options[code].harder:
                wrong.append(f"{code} is easier than {option.code}, but not the other way round.")
    try:
        TopologicalSorter({option.code: option.harder for option in found.options}).prepare()
    except CycleError as round_trip:
        wrong.append(f"Harder leads back to itself: {' > '.join(round_trip.args[1])}.")
    return wrong


def _faults_of_step(option: Option, harder: Option | None, code: str) -> list[str]:
    if harder is None:
        return [f"{option.code}: there is no {code}."]
    wrong = []
    if harder.family != option.family:
        wrong.append(f"{option.code} and {code} are of different families.")
    if harder.load < option.load:
        wrong.append(f"{code} is harder than {option.code}, but its load is lower.")
    if option.code not in harder.easier:
        wrong.append(f"{code} is harder than {option.code}, but not the other way round.")
    return wrong


def _option(file: FamilyFile, entry: Entry, easier: Mapping[str, list[str]]) -> Option:
    every, own = file.avoid, entry.avoid
    return Option(
        code=entry.code,
        family=file.family,
        kind=entry.kind,
        regions=entry.regions,
        position=entry.positions[0],
        load=entry.load,
        impact=entry.impact,
        effort=entry.effort,
        dose=entry.dose,
        equipment=entry.equipment,
        suits=get_args(Condition) if entry.suits == "all" else entry.suits,
        contraindications=Contraindications(
            conditions=_both(every.conditions, own.conditions),
            red_flags=_both(every.red_flags, own.red_flags),
            screening=_both(every.screening, own.screening),
            positions=entry.positions,
        ),
        easier=tuple(easier.get(entry.code, ())),
        harder=entry.harder,
        virtual=entry.virtual,
        place=entry.place,
        text=Text(entry.en, entry.fr),
    )


def _both(every: tuple[T, ...], own: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*every, *own)))
