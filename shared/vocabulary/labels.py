"""What each code is called: `labels.toml`, typed."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.vocabulary.codes import Family, Motion, Region, Tier

LABEL_MAX_CHARACTERS = 80
"""A label is a phrase beside a box to tick; what is longer is an explanation."""

Phrase = Annotated[str, Field(min_length=1, max_length=LABEL_MAX_CHARACTERS)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Data):
    """The same words in both languages."""

    en: Phrase
    fr: Phrase


class Term(_Data):
    """A code and what people call it."""

    code: str
    label: Label


class RedFlagTerm(Term):
    """A sign to act on; `tier` is the safety rule that answers it."""

    tier: Tier


class JointTerm(Term):
    """A joint; the motions it is measured in, and whether there is a left and a right one."""

    sides: bool
    motions: tuple[Motion, ...]


class PostureTerm(Term):
    """A finding of posture and the regions in which it can be noted."""

    regions: tuple[Region, ...]


class KindTerm(Term):
    """A kind of option and the family it belongs to."""

    family: Family


def _terms(table: object) -> object:
    # In the file a group is a table by code, and its words stand beside what else is known.
    if not isinstance(table, dict):
        return table
    return [_term(code, dict(words)) for code, words in table.items()]


def _term(code: str, words: dict[str, Any]) -> dict[str, Any]:
    label = {language: words.pop(language) for language in ("en", "fr") if language in words}
    return {"code": code, "label": label, **words}


_GROUP = BeforeValidator(_terms)
Terms = Annotated[tuple[Term, ...], _GROUP]


class Vocabulary(_Data):
    """All codes by group, each in the order in which people should read them."""

    version: str
    services: Terms
    modes: Terms
    areas: Terms
    roles: Terms
    care_team_roles: Terms
    shares: Terms
    consents: Terms
    message_classes: Terms
    message_channels: Terms
    consent_bases: Terms
    consent_sources: Terms
    suppression_reasons: Terms
    restore_reasons: Terms
    webhook_pauses: Terms
    languages: Terms
    days: Terms
    booking_statuses: Terms
    cancel_reasons: Terms
    slot_reasons: Terms
    series_verdicts: Terms
    waitlist_statuses: Terms
    agenda_kinds: Terms
    credit_kinds: Terms
    conditions: Terms
    health: Terms
    red_flags: Annotated[tuple[RedFlagTerm, ...], _GROUP]
    why: Terms
    check_in_kinds: Terms
    next_steps: Terms
    submission_statuses: Terms
    note_kinds: Terms
    levels: Terms
    hold_kinds: Terms
    actions: Terms
    told: Terms
    screening_outcomes: Terms
    clearances: Terms
    wishes: Terms
    measures: Terms
    verdicts: Terms
    instruments: Terms
    dose_variables: Terms
    mask_reasons: Terms
    flare_sources: Terms
    milestone_kinds: Terms
    milestones: Terms
    regions: Terms
    joints: Annotated[tuple[JointTerm, ...], _GROUP]
    sides: Terms
    motions: Terms
    movements: Terms
    posture_findings: Annotated[tuple[PostureTerm, ...], _GROUP]
    movement_findings: Terms
    families: Terms
    option_kinds: Annotated[tuple[KindTerm, ...], _GROUP]
    positions: Terms
    equipment: Terms
    places: Terms

    def groups(self) -> dict[str, tuple[Term, ...]]:
        """The terms of each group, by its name."""
        return {name: terms for name, terms in self if name != "version"}


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary of this release.

    Raises:
        ValidationError: the file does not fit its schema.
    """
    text = resources.files(__package__).joinpath("labels.toml").read_text("utf-8")
    return Vocabulary.model_validate(tomllib.loads(text))
