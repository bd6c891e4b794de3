"""What a client or trainer reports beside check-ins, over HTTP: intake, measures, preferences."""

from math import fsum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from services.booking.api.access import Action, CallerNow, let_in
from services.booking.api.care_fields import (
    SOME,
    Amount,
    EnjoyedCode,
    FindingWord,
    KnownOption,
    Some,
    YesOrNo,
)
from services.booking.api.clients import AcceptedDocument, accepted
from services.booking.api.fields import ConditionCode, LanguageCode
from services.booking.api.writing import Answer, Writer
from services.booking.domain.people import Caller
from services.booking.handlers.submissions import submit
from shared.clock import Clock
from shared.contracts.care import (
    AssessmentSubmitted,
    GoalsSubmitted,
    QuestionnaireSubmitted,
    ScreeningSubmitted,
    Severity,
    SwapSubmitted,
    WeightsSubmitted,
    Wish,
)
from shared.contracts.submissions import RedFlag, Score, Submission
from shared.errors import FieldError, Invalid
from shared.fields import Body, NotBlank, Storable, Text
from shared.instruments.table import fault, instrument, instruments
from shared.postgres import Transaction
from shared.vocabulary.codes import Instrument, Side

MOST_ENJOYED = 40
"""Half of the catalogue; who enjoys more is not helped by a list."""

MOST_FINDINGS = 40
"""Of posture and of mechanics each: three or so for every region of the body."""

MOST_MEASURED = 80
"""Every joint, side and motion of the vocabulary once."""

MOST_ANSWERS = max(entry.items.at_most for entry in instruments().instruments)

SUM_IS_ONE_WITHIN = 0.001 + 1e-9
"""Of weights: thirds and sixths are written with three digits, and sums are not exact."""

DEGREES = instruments().physical.degrees
STANDS = instruments().physical.chair_stand
MOST_GOALS = instrument("psfs").items.at_most


class HealthFields(Body):
    """The outcome of the readiness form, and what postpones: true means yes."""

    heart_condition: YesOrNo
    chest_pain: YesOrNo
    dizziness: YesOrNo
    other_chronic: YesOrNo
    medication: YesOrNo
    joint_problem: YesOrNo
    supervised_only: YesOrNo
    pregnant: YesOrNo
    fever: YesOrNo


class ScreeningFields(Body):
    """Who somebody is before the first plan: health, wishes, and what they enjoy."""

    health: HealthFields
    active: YesOrNo
    wish: Wish
    conditions: Annotated[tuple[ConditionCode, ...], Field(max_length=9)]
    red_flags: Annotated[tuple[RedFlag, ...], Field(max_length=17)]
    enjoys: Annotated[tuple[EnjoyedCode, ...], Field(max_length=MOST_ENJOYED)] = ()
    medications: Text | None = None


class PostureFields(Body):
    """How a region is held."""

    region: FindingWord
    finding: FindingWord
    severity: Severity
    note: Text | None = None


class MechanicsFields(Body):
    """How a movement is done."""

    movement: FindingWord
    finding: FindingWord
    severity: Severity
    note: Text | None = None


class RangeFields(Body):
    """One joint measured in degrees, by own effort (`active`) or moved by the trainer."""

    joint: FindingWord
    side: Side
    motion: FindingWord
    degrees: Annotated[int, Field(ge=DEGREES.at_least, le=DEGREES.at_most, strict=True)]
    active: YesOrNo


class BaselineFields(Body):
    """Pain now, and on average in the last week."""

    pain_now: Score
    pain_week: Score


class AssessmentFields(Body):
    """What a trainer saw; complete when posture and mechanics both have a finding."""

    posture: Annotated[tuple[PostureFields, ...], Field(max_length=MOST_FINDINGS)] = ()
    mechanics: Annotated[tuple[MechanicsFields, ...], Field(max_length=MOST_FINDINGS)] = ()
    rom: Annotated[tuple[RangeFields, ...], Field(max_length=MOST_MEASURED)] = ()
    chair_stand: (
        Annotated[int, Field(ge=STANDS.at_least, le=STANDS.at_most, strict=True)] | None
    ) = None
    baseline: BaselineFields


class QuestionnaireFields(Body):
    """An instrument as it was answered: whole numbers in the order of its items."""

    instrument: Instrument
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,19}$")]
    language: LanguageCode
    answers: Annotated[
        tuple[Annotated[int, Field(strict=True)], ...], Field(max_length=MOST_ANSWERS)
    ]

    def content(self) -> dict[str, Any]:
        """What is sent.

        Raises:
            Invalid: the instrument does not take these answers.
        """
        wrong = fault(self.instrument, self.answers)
        if wrong is not None:
            raise Invalid.field(wrong.field, wrong.message)
        return self.model_dump()


class ActivityFields(Body):
    """Something that is hard and matters: 0 unable, 10 as before."""

    name: Annotated[str, Field(min_length=1, max_length=120), Storable, NotBlank]
    rating: Score


class GoalsFields(Body):
    """The activities that matter (PSFS)."""

    activities: Annotated[
        tuple[ActivityFields, ...],
        Field(max_length=MOST_GOALS, json_schema_extra=SOME),
        Some,
    ]


class WeightsFields(Body):
    """What counts when options are ranked for the client: parts of one, together one."""

    relief: Amount
    enjoyment: Amount
    done: Amount
    next_day: Amount

    def content(self) -> dict[str, Any]:
        """What is sent.

        Raises:
            Invalid: the parts do not sum to one.
        """
        parts = self.model_dump()
        if abs(fsum(parts.values()) - 1) > SUM_IS_ONE_WITHIN:
            message = "should make 1 together with the others"
            raise Invalid(
                "invalid",
                "The four parts should sum to 1. Nothing was stored.",
                fields=[FieldError(name, message) for name in parts],
            )
        return parts


class SwapFields(Body):
    """Another option than the one that was proposed; `set` is the id of the proposal."""

    set: UUID
    given_up: KnownOption
    taken: KnownOption
    reason: Annotated[str, Field(min_length=1, max_length=500), Storable, NotBlank]

    def content(self) -> dict[str, Any]:
        """What is sent.

        Raises:
            Invalid: nothing is swapped.
        """
        if self.given_up == self.taken:
            raise Invalid.field("taken", "is the option that was given up")
        given = self.model_dump()
        return {"set_id": given.pop("set"), **given}


def routes(clock: Clock, writer: Writer) -> APIRouter:
    """Reports that progress works on; each is answered with where to ask for what became of it."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["care"])

    async def report(
        client_id: UUID,
        of: type[Submission],
        content: dict[str, Any],
        request: Request,
        caller: Caller,
        *,
        action: Action = "report",
    ) -> Response:
        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, action, now=now)
            submission_id = await submit(
                tx, writer.keys, of, client_id, who.actor_id, now=now, **content
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    @router.post("/screening", status_code=202, response_model=AcceptedDocument)
    async def screening(
        client_id: UUID, body: ScreeningFields, request: Request, caller: CallerNow
    ) -> Response:
        """Answer the questions that come before the first plan, or answer them anew."""
        content = {"screening": body.model_dump()}
        return await report(client_id, ScreeningSubmitted, content, request, caller)

    @router.post("/questionnaires", status_code=202, response_model=AcceptedDocument)
    async def questionnaire(
        client_id: UUID, body: QuestionnaireFields, request: Request, caller: CallerNow
    ) -> Response:
        """Answer a questionnaire whole."""
        return await report(client_id, QuestionnaireSubmitted, body.content(), request, caller)

    @router.post("/goals", status_code=202, response_model=AcceptedDocument)
    async def goals(
        client_id: UUID, body: GoalsFields, request: Request, caller: CallerNow
    ) -> Response:
        """Name the activities that matter; they replace earlier ones."""
        return await report(client_id, GoalsSubmitted, body.model_dump(), request, caller)

    @router.post("/weights", status_code=202, response_model=AcceptedDocument)
    async def weights(
        client_id: UUID, body: WeightsFields, request: Request, caller: CallerNow
    ) -> Response:
        """Say what counts when options are ranked."""
        return await report(client_id, WeightsSubmitted, body.content(), request, caller)

    @router.post("/assessments", status_code=202, response_model=AcceptedDocument)
    async def assessment(
        client_id: UUID, body: AssessmentFields, request: Request, caller: CallerNow
    ) -> Response:
        """Record what was seen and measured, as the client's trainer."""
        content = {"assessment": body.model_dump()}
        return await report(
            client_id, AssessmentSubmitted, content, request, caller, action="coach"
        )

    @router.post("/swaps", status_code=202, response_model=AcceptedDocument)
    async def swap(
        client_id: UUID, body: SwapFields, request: Request, caller: CallerNow
    ) -> Response:
        """Take another option than the one proposed, and say why."""
        content = body.content()
        return await report(client_id, SwapSubmitted, content, request, caller, action="coach")

    return router
