"""The catalogue fits together, suits everybody, and speaks kindly in both languages."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from pydantic import ValidationError

from shared.contracts.submissions import RedFlag
from shared.options.catalogue import Catalogue, assemble, catalogue, faults, read
from shared.options.entries import SCHEMA_FILE, Dose, FamilyFile, Words, schema
from shared.vocabulary.codes import Condition, Family, Health, Region
from shared.vocabulary.labels import vocabulary

FOUND = catalogue()
OPTIONS = FOUND.options
CODES = [option.code for option in OPTIONS]
PHYSICAL = [option for option in OPTIONS if option.family != "calm"]

EMERGENCIES = {term.code for term in vocabulary().red_flags if term.tier == "R1"}
SEE_A_DOCTOR = {term.code for term in vocabulary().red_flags if term.tier in {"R1", "R2"}}

NEVER_SAID = re.compile(
    r"\b(cure|heal|fix(es|ed)?|guarantee|miracle|detox|pain[- ]free|no pain|push through"
    r"|work through the pain|burn(s|ing)? fat|will (relieve|help|stop|end)|relie(f|ves?)"
    r"|must|perfect posture|bad posture|wear and tear|bone on bone"
    r"|guéri\w*|garanti\w*|sans douleur|malgré la douleur|soulag\w*|élimin\w*|usure"
    r"|devez absolument|mauvaise posture)\b",
    re.IGNORECASE,
)
"""No promise, no pushing, no frightening picture of the body."""


def changed(**changes: dict[str, object]) -> Catalogue:
    """The catalogue with some options changed; their codes are written with underscores."""
    by_code = {code.replace("_", "-"): change for code, change in changes.items()}
    assert by_code.keys() <= set(CODES)
    return replace(
        FOUND,
        options=tuple(
            replace(option, **by_code.get(option.code, {}))  # type: ignore[arg-type]
            for option in OPTIONS
        ),
    )


def texts(words: Words) -> Iterator[str]:
    yield from (words.name, words.purpose, *words.steps, words.watch)
    if words.stop is not None:
        yield words.stop


def all_texts() -> Iterator[str]:
    for option in OPTIONS:
        yield from texts(option.text.en)
        yield from texts(option.text.fr)


def test_the_catalogue_has_60_to_80_options_in_four_families() -> None:
    assert 60 <= len(OPTIONS) <= 80
    for family in get_args(Family):
        assert 12 <= len(FOUND.select(family=family)) <= 26


def test_all_options_fit_together() -> None:
    assert [] == faults(FOUND)


def test_a_step_that_leads_nowhere_is_found() -> None:
    assert ["one-leg-stand: there is no flying."] == faults(
        changed(one_leg_stand={"harder": ("flying",)})
    )


def test_a_step_into_another_family_is_found() -> None:
    assert ["one-leg-stand and easy-walk are of different families."] == faults(
        changed(
            one_leg_stand={"harder": ("easy-walk",), "load": 2},
            easy_walk={"easier": ("seated-marching", "movement-breaks", "one-leg-stand")},
        )
    )


def test_a_step_known_to_one_side_only_is_found() -> None:
    assert [
        "chair-stands is harder than high-chair-stands, but not the other way round."
    ] == faults(changed(chair_stands={"easier": ()}))
    assert ["neck-turns is easier than chair-stands, but not the other way round."] == faults(
        changed(chair_stands={"easier": ("high-chair-stands", "neck-turns")})
    )


def test_a_harder_option_with_less_load_is_found() -> None:
    assert ["low-step-ups is harder than chair-stands, but its load is lower."] == faults(
        changed(low_step_ups={"load": 2})
    )


def test_steps_that_lead_in_a_circle_are_found() -> None:
    (told,) = faults(
        changed(knee_hug={"harder": ("pelvic-rocks",)}, pelvic_rocks={"easier": ("knee-hug",)})
    )

    assert told.startswith("Harder leads back to itself: ")


def test_a_code_that_is_there_twice_is_found() -> None:
    assert "A code is there twice." in faults(replace(FOUND, options=(*OPTIONS, OPTIONS[0])))


def test_a_kind_of_another_family_is_found() -> None:
    assert "neck-turns: breathing is no kind of mobility." in faults(
        changed(neck_turns={"kind": "breathing"})
    )


def test_files_of_different_versions_are_found() -> None:
    files = [read(family) for family in get_args(Family)]
    files[0] = files[0].model_copy(update={"version": "9.9.9"})

    assert ["The files have different versions."] == faults(assemble(files))


@pytest.mark.parametrize("family", get_args(Family))
def test_each_file_says_which_values_await_a_physiotherapist(family: Family) -> None:
    found = read(family)

    assert family == found.family
    assert {"load", "effort", "dose", "suits", "avoid", "harder"} <= set(found.sign_off)


@pytest.mark.parametrize("condition", get_args(Condition))
@pytest.mark.parametrize("family", get_args(Family))
def test_each_condition_has_a_choice_in_each_family(family: Family, condition: Condition) -> None:
    allowed = [
        option
        for option in FOUND.select(family=family)
        if condition not in option.contraindications.conditions
    ]

    assert 3 <= len(allowed)
    assert 3 <= len([option for option in allowed if condition in option.suits])
    assert [] == [
        option.code
        for option in FOUND.select(family=family)
        if condition in option.suits and option not in allowed
    ]


@pytest.mark.parametrize("region", get_args(Region))
def test_each_region_has_a_choice(region: Region) -> None:
    assert 5 <= len(FOUND.select(region=region))


@pytest.mark.parametrize("condition", get_args(Condition))
def test_nobody_is_left_with_standing_options_alone(condition: Condition) -> None:
    for family in ("mobility", "strength", "low-impact"):
        seated = [
            option
            for option in FOUND.select(family=family)
            if condition in option.suits
            and {"sitting", "lying"}.issuperset(option.contraindications.positions)
        ]

        assert 2 <= len(seated)


@pytest.mark.parametrize("family", get_args(Family))
def test_a_sign_or_an_answer_that_allows_sessions_leaves_a_choice(family: Family) -> None:
    milder = [term.code for term in vocabulary().red_flags if term.tier == "D4"]
    for sign in milder:
        left = [o for o in FOUND.select(family=family) if sign not in o.contraindications.red_flags]
        assert 3 <= len(left), sign
    for answer in set(get_args(Health)) - {"fever"}:
        left = [
            o for o in FOUND.select(family=family) if answer not in o.contraindications.screening
        ]
        assert 3 <= len(left), answer


def test_somebody_who_trains_at_home_has_a_choice_in_each_family() -> None:
    for family in get_args(Family):
        at_home = [o for o in FOUND.select(family=family) if o.virtual and o.place is None]

        assert 3 <= len(at_home)


def test_signs_that_need_help_rule_an_option_out() -> None:
    for option in OPTIONS:
        signs = set(option.contraindications.red_flags)
        assert signs >= (EMERGENCIES if option.family == "calm" else SEE_A_DOCTOR), option.code
    for option in PHYSICAL:
        assert "fever" in option.contraindications.screening, option.code


def test_every_physical_option_says_when_to_stop() -> None:
    for option in PHYSICAL:
        for words, says in ((option.text.en, "Stop "), (option.text.fr, "Arrêtez ")):
            assert words.stop is not None, option.code
            assert words.stop.startswith(says), option.code


def test_nobody_who_is_dizzy_or_whose_leg_gives_way_is_sent_walking_or_balancing() -> None:
    for option in PHYSICAL:
        signs = set(option.contraindications.red_flags)
        if option.position in {"moving", "water"} or option.kind == "balance":
            assert "dizziness" in signs, option.code
        if option.position == "moving" or option.kind == "balance":
            assert "giving-way" in signs, option.code


def test_no_option_is_more_than_moderate() -> None:
    # From 7 on an effort needs a clearance for vigorous training.
    for option in OPTIONS:
        assert (True, True, True) == (option.effort <= 5, option.load <= 4, option.impact <= 1)


def test_the_position_of_an_option_is_one_that_the_client_must_be_able_to_take() -> None:
    for option in OPTIONS:
        assert option.position == option.contraindications.positions[0]


def test_a_dose_is_small_enough_to_begin_with() -> None:
    for option in OPTIONS:
        dose = option.dose
        if dose.repetitions is not None and dose.sets is not None:
            assert dose.sets * dose.repetitions <= 20, option.code
            assert dose.repetitions * (dose.hold_seconds or 0) <= 120, option.code
        else:
            habit = option.kind in {"sleep", "food", "stress"}
            assert habit or dose.minutes is not None, option.code
        assert option.load < 3 or dose.per_week <= 3, option.code


def test_both_languages_say_the_same_number_of_things() -> None:
    for option in OPTIONS:
        english, french = option.text.en, option.text.fr
        assert len(english.steps) == len(french.steps), option.code
        assert (english.stop is None) == (french.stop is None), option.code
        assert set(texts(english)).isdisjoint(texts(french)), option.code


def test_the_words_promise_nothing_and_push_nobody() -> None:
    assert [] == [text for text in all_texts() if NEVER_SAID.search(text)]


def test_the_words_are_whole_and_calm_sentences() -> None:
    for text in all_texts():
        assert text == " ".join(text.split())
        assert text[0].isupper(), text
        assert not set(text) & set("'!"), text
    for option in OPTIONS:
        for words in (option.text.en, option.text.fr):
            assert words.name[-1] not in ".?", words.name
            assert all(text[-1] in ".?" for text in texts(words) if text != words.name), words.name
        assert not any(re.search(r" [:;?]", text) for text in texts(option.text.en)), option.code
        assert not any(re.search(r"\S[:;?]", text) for text in texts(option.text.fr)), option.code


def test_nothing_is_called_the_same() -> None:
    for names in (
        [option.text.en.name for option in OPTIONS],
        [option.text.fr.name for option in OPTIONS],
    ):
        assert len(set(names)) == len(names)


def test_options_are_found_by_family_and_region() -> None:
    both = FOUND.select(family="strength", region="knee")

    assert "chair-stands" in {option.code for option in both}
    assert {"strength"} == {option.family for option in both}
    assert all("knee" in option.regions for option in both)
    assert OPTIONS == FOUND.select()


def test_the_catalogue_is_read_once_and_cannot_be_changed() -> None:
    assert catalogue() is FOUND
    with pytest.raises(AttributeError):
        FOUND.version = "2"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        FOUND.options[0].dose.per_week = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    "dose",
    [
        {"per_week": 8, "minutes": 5},
        {"per_week": 0, "minutes": 5},
        {"per_week": 3, "sets": 2},
        {"per_week": 3, "repetitions": 8},
        {"per_week": 3, "sets": 1, "repetitions": 8, "minutes": 5},
        {"per_week": 3, "minutes": 5, "hold_seconds": 10},
        {"per_week": 3, "minutes": 31},
        {"per_week": 3, "sets": 4, "repetitions": 8},
    ],
)
def test_a_dose_that_makes_no_sense_is_refused(dose: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Dose.model_validate(dose)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 61},
        {"purpose": "p" * 161},
        {"steps": ["One.", "Two."]},
        {"steps": ["One.", "Two.", "s" * 161]},
        {"steps": ["Step."] * 7},
        {"stop": ""},
        {"sotp": "Stop."},
    ],
)
def test_words_that_are_too_long_too_few_or_misspelled_are_refused(
    change: dict[str, object],
) -> None:
    fine = OPTIONS[0].text.en.model_dump()

    with pytest.raises(ValidationError):
        Words.model_validate(fine | change)


def test_an_unknown_code_in_a_file_is_refused() -> None:
    fine = read("mobility").model_dump()
    for field, code in {"regions": "tail", "suits": "gout", "positions": "hanging"}.items():
        with pytest.raises(ValidationError):
            FamilyFile.model_validate(fine | {"options": [fine["options"][0] | {field: [code]}]})
    with pytest.raises(ValidationError):
        FamilyFile.model_validate(fine | {"avoid": {"red_flags": ["sneezing"]}})
    assert set(get_args(RedFlag)) >= SEE_A_DOCTOR


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert schema() == SCHEMA_FILE.read_text("utf-8")
