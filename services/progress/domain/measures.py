"""Questionnaires and goals: checked, scored, and kept as numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from uuid import uuid5

from services.progress.domain.care import Care, Goals, Questionnaire
from services.progress.domain.course import mood_heard
from services.progress.domain.milestones import reached
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, Step, done, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.care import Activity, GoalsSubmitted, QuestionnaireSubmitted
from shared.contracts.conclusions import GoalsRecorded, QuestionnaireRecorded
from shared.instruments.table import SCORE_DIGITS, fault, instrument, score

KEPT_OF_EACH = 13
"""Answers to one instrument: the first to compare with, and a quarter of weekly ones."""

MOST_GOALS = instrument("psfs").items
"""How many activities a client names (PSFS)."""

VERSION_CHARACTERS = 20
"""Longer than any version of an instrument; a version is no place for text."""


def questionnaire(client: Client, submission: QuestionnaireSubmitted, rules: Rules) -> Outcome:
    """Score an instrument and keep it; refused with what is wrong in count, range or version."""
    name, answers, at = submission.instrument, submission.answers, submission.submitted_at
    if wrong := _fault(client.care, submission):
        return refused(client, submission, rule=None, reason=wrong)
    found = Questionnaire(
        id=submission.submission_id,
        instrument=name,
        version=submission.version,
        at=at,
        answers=answers,
        score=score(name, answers),
    )
    care = client.care.model_copy(
        update={"questionnaires": _kept((*client.care.questionnaires, found))}
    )
    if name == "psfs" and care.goals is not None:
        care = care.model_copy(
            update={"goals": care.goals.model_copy(update={"at": at, "newest": answers})}
        )
    recorded = QuestionnaireRecorded(
        client_id=client.id,
        questionnaire_id=found.id,
        instrument=name,
        version=found.version,
        score=found.score,
        at=at,
    )
    after = next_entry(client, at)
    after = replace(after, care=care, reported_version=after.version)
    mood = mood_heard(after, at, found.score, rules) if name == "phq-2" else Step(after)
    step = reached(mood.client, at, rules)
    return done(client, step.client, submission, rules, [recorded, *mood.events, *step.events])


def goals(client: Client, submission: GoalsSubmitted, rules: Rules) -> Outcome:
    """Keep the ratings of a client's activities; the same activities again are rated anew.

    Others than before begin a new comparison. What the activities are stays in the log.
    """
    given, at = submission.activities, submission.submitted_at
    if len(given) not in MOST_GOALS:
        reason = f"Name {MOST_GOALS} activities, not {len(given)}."
        return refused(client, submission, rule=None, reason=reason)
    ratings = tuple(one.rating for one in given)
    same_as = uuid5(client.id, _names(given))
    known = client.care.goals
    again = known is not None and known.activities == same_as
    found = Goals(
        id=submission.submission_id,
        at=at,
        first=known.first if known is not None and again else ratings,
        newest=ratings,
        activities=same_as,
    )
    recorded = GoalsRecorded(
        client_id=client.id,
        count=len(ratings),
        mean=round(fmean(ratings), SCORE_DIGITS),
        at=at,
    )
    after = replace(next_entry(client, at), care=client.care.model_copy(update={"goals": found}))
    step = reached(after, at, rules)
    return done(client, step.client, submission, rules, [recorded, *step.events])


def _fault(care: Care, submission: QuestionnaireSubmitted) -> str | None:
    name, answers = submission.instrument, submission.answers
    version = submission.version
    if len(version) > VERSION_CHARACTERS or not version.isascii() or " " in version:
        return "The version names a release of the instrument, such as 1.0."
    if wrong := fault(name, answers):
        return wrong.message
    if name == "psfs" and care.goals is None:
        return "psfs rates the client's goals; there are none yet."
    if name == "psfs" and care.goals is not None and len(answers) != len(care.goals.newest):
        return f"psfs takes one answer for each of the {len(care.goals.newest)} goals."
    return None


def _kept(known: Sequence[Questionnaire]) -> tuple[Questionnaire, ...]:
    surplus = Counter(one.instrument for one in known)
    seen: set[str] = set()
    left = []
    for one in known:
        first, newer = one.instrument not in seen, surplus[one.instrument]
        seen.add(one.instrument)
        if not first and newer > KEPT_OF_EACH:
            surplus[one.instrument] -= 1
        else:
            left.append(one)
    return tuple(left)


def _names(given: Sequence[Activity]) -> str:
    return "\n".join(one.same_as for one in given)
