"""Every code that people meet has a name in both languages, once."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import pytest

import services.booking.domain
import shared.contracts
from services.booking.domain import (
    areas,
    attention,
    bookings,
    care_team,
    consents,
    notes,
    people,
    series,
    slots,
    waitlist,
)
from services.booking.domain import messages as told
from services.booking.domain.credits import Kind as CreditKind
from services.booking.domain.services import SERVICES, ServiceId
from services.progress.domain import mask, milestones, rules
from shared.contracts import booking, contacts, messages, progress, submissions, webhooks
from shared.contracts.event import Part
from shared.vocabulary import codes
from shared.vocabulary.labels import vocabulary

NAMED = {
    "services": ServiceId,
    "modes": booking.Mode,
    "areas": booking.Area,
    "roles": people.Role,
    "care_team_roles": care_team.MemberRole,
    "shares": care_team.Purpose,
    "consents": booking.ConsentPurpose,
    "message_classes": contacts.MessageClass,
    "message_channels": contacts.Channel,
    "consent_bases": contacts.Basis,
    "consent_sources": consents.Source,
    "suppression_reasons": messages.SuppressionReason,
    "restore_reasons": messages.RestoreReason,
    "webhook_pauses": webhooks.PauseReason,
    "languages": people.Language,
    "booking_statuses": bookings.Status,
    "cancel_reasons": booking.Because,
    "slot_reasons": slots.ReasonCode,
    "series_verdicts": series.Verdict,
    "waitlist_statuses": waitlist.Status,
    "credit_kinds": CreditKind,
    "conditions": codes.Condition,
    "health": codes.Health,
    "red_flags": submissions.RedFlag,
    "why": submissions.Why,
    "check_in_kinds": submissions.CheckInKind,
    "note_kinds": notes.NoteKind,
    "levels": progress.Level,
    "hold_kinds": progress.HoldKind,
    "instruments": codes.Instrument,
    "told": progress.Told,
    "mask_reasons": mask.MaskCode,
    "regions": codes.Region,
    "joints": codes.Joint,
    "sides": codes.Side,
    "motions": codes.Motion,
    "movements": codes.Movement,
    "posture_findings": codes.PostureFinding,
    "movement_findings": codes.MovementFinding,
    "families": codes.Family,
    "option_kinds": codes.Kind,
    "positions": codes.Position,
    "equipment": codes.Equipment,
    "places": codes.Place,
}
"""Groups that name exactly the codes of a type."""

UNSEEN = {
    # What a link is for, and how a client knows a trainer.
    "calendar", "manage", "waitlist", "met",
    "stop-service-email", "stop-service-sms", "stop-service-push",
    "stop-marketing-email", "stop-marketing-sms", "stop-marketing-push",
    # Why a client needs attention: the trainer's desk says it in sentences of its own.
    *get_args(attention.AttentionCode),
    # What became of a message: the pages say it in words of their own.
    *get_args(told.MessageState),
}  # fmt: skip
"""Codes that nobody is shown."""

WORDS = vocabulary()
GROUPS = WORDS.groups()


def known(group: str) -> list[str]:
    return [term.code for term in GROUPS[group]]


@pytest.mark.parametrize("group", NAMED)
def test_a_group_names_every_code_of_its_type_and_no_other(group: str) -> None:
    assert sorted(get_args(NAMED[group])) == sorted(known(group))


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_there_twice(group: str) -> None:
    for said in (
        known(group),
        [term.label.en for term in GROUPS[group]],
        [term.label.fr for term in GROUPS[group]],
    ):
        assert len(set(said)) == len(said)


def test_every_code_that_events_and_the_front_door_speak_of_has_a_name() -> None:
    said = {
        code
        for package in (shared.contracts, services.booking.domain)
        for module in modules(package)
        for code in literals(module)
    }

    assert set() == said - UNSEEN - {code for group in GROUPS for code in known(group)}


def test_every_action_of_the_safety_rules_has_a_name() -> None:
    asked = {action.code for rule in rules.load().rules for action in rule.actions}

    assert asked <= set(known("actions"))


def test_every_milestone_has_a_name() -> None:
    assert [mark.code for mark in milestones.MARKS] == known("milestones")


def test_services_and_cities_are_named_as_elsewhere() -> None:
    assert {s.id: s.name for s in SERVICES} == {t.code: t.label.en for t in WORDS.services}
    assert [areas.city_of(area) for area in get_args(booking.Area)] == [
        term.label.en for term in WORDS.areas
    ]


def test_a_red_flag_has_the_tier_of_the_rule_that_answers_it() -> None:
    tiers = {term.code: term.tier for term in WORDS.red_flags}
    judged = {
        flag: rule.id
        for rule in rules.load().rules
        for when in rule.when
        for flag in when.any_of or ()
    }

    assert judged == {flag: tier for flag, tier in tiers.items() if flag in judged}


def test_labels_are_whole_phrases_without_blanks_around() -> None:
    # A French colon, question mark and so on stand after a space; an English one does not.
    for term in (term for terms in GROUPS.values() for term in terms):
        for text in (term.label.en, term.label.fr):
            assert text == " ".join(text.split())
            assert text[0].isupper()
            assert "'" not in text
        assert not re.search(r" [:;?!]", term.label.en)
        assert not re.search(r"[^\s][:;?!]", term.label.fr)


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def literals(module: ModuleType) -> Iterator[str]:
    """The codes of a module's own Literal types, and of the fields of its events."""
    for value in vars(module).values():
        yield from _codes(value)
        if isinstance(value, type) and issubclass(value, Part):
            for field in value.model_fields.values():
                yield from _codes(field.annotation)


def _codes(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (code for code in get_args(annotation) if isinstance(code, str))
    else:
        for argument in get_args(annotation):
            yield from _codes(argument)


def test_the_walk_over_types_sees_the_events() -> None:
    seen = {code for module in modules(shared.contracts) for code in literals(module)}

    assert {"saddle-numbness", "in-person", "rejected", "clinician"} <= seen
