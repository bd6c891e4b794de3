"""Reports of providers over HTTP: signed, fresh, and each counted once."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import phonenumbers
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.notify.domain.keywords import Language
from services.notify.handlers import reports
from services.notify.handlers.reports import Bounced, Complained, Delivered, Inbound, Report, Taken
from services.notify.store import reports as seen
from services.notify.writing.company import Company
from shared.clock import Clock
from shared.errors import FieldError, Invalid, Malformed, NotFound, Unauthorised
from shared.fields import Body, Storable
from shared.outbox import Relay
from shared.postgres import Database
from shared.signatures import SignatureError, verify

MOST_REPORTS = 100
"""In one request; a provider with more to say sends another."""

NAME_MAX_CHARACTERS = 300
"""Of a message: our Message-IDs have under 200, companies' names for a text under 50."""

HELP: dict[Language, str] = {
    "en": "{name}: reminders and news of your training. Questions: {contact}. STOP to end.",
    "fr": "{name} : rappels et nouvelles de votre entra\u00eenement. Questions : {contact}."
    " ARRET pour cesser.",
}
"""The answer to HELP: who writes, how to reach them, how to stop. One text in each language."""

MessageName = Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARACTERS), Storable]
ReportedAddress = Annotated[str, Field(min_length=3, max_length=254), Storable]
ReportedCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$")]


class DeliveredFields(Body):
    """A message arrived. `message`: the provider's name for it, or our Message-ID."""

    kind: Literal["delivered"]
    message: MessageName

    def report(self) -> Report:
        """As handlers take it."""
        return Delivered(self.message)


class BouncedFields(Body):
    """A message came back; with `permanent` nothing goes to that address any more."""

    kind: Literal["bounced"]
    message: MessageName
    permanent: Annotated[bool, Field(strict=True)]
    address: ReportedAddress | None = None
    code: ReportedCode | None = None

    def report(self) -> Report:
        """As handlers take it."""
        return Bounced(self.message, self.permanent, self.address, self.code)


class ComplainedFields(Body):
    """Somebody called a message spam; name it, or the address, or both."""

    kind: Literal["complained"]
    message: MessageName | None = None
    address: ReportedAddress | None = None

    def report(self) -> Report:
        """As handlers take it."""
        if self.message is None and self.address is None:
            raise ValueError("name the message or the address")
        return Complained(self.message, self.address)


class InboundFields(Body):
    """Somebody texted back to `to`."""

    kind: Literal["inbound"]
    sender: Annotated[str, Field(alias="from", max_length=40), Storable]
    text: Annotated[str, Field(max_length=2000), Storable]

    def report(self) -> Report:
        """As handlers take it."""
        try:
            parsed = phonenumbers.parse(self.sender, "CA")
        except phonenumbers.NumberParseException:
            raise ValueError("from should be a phone number such as +14165550123") from None
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return Inbound(number, self.text)


ReportFields = Annotated[
    DeliveredFields | BouncedFields | ComplainedFields | InboundFields,
    Field(discriminator="kind"),
]


class ReportsFields(Body):
    """What happened since the last request."""

    reports: Annotated[list[ReportFields], Field(min_length=1, max_length=MOST_REPORTS)]


class TakenDocument(BaseModel):
    """What became of the reports, by number; `reply` is a text to send back, where one is due."""

    taken: int
    nothing_to_do: int
    unknown: int
    repeated: bool
    reply: str | None


_body: TypeAdapter[ReportsFields] = TypeAdapter(ReportsFields)


class CallbackMetrics:
    """How many reports came, and what became of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.reports = Counter(
            "limber_callback_reports",
            "Reports of providers, by what became of them",
            ["provider", "kind", "result"],
            registry=registry,
        )
        self.refused = Counter(
            "limber_callbacks_refused",
            "Requests that no provider signed, or not now",
            ["provider"],
            registry=registry,
        )


def routes(
    db: Database,
    clock: Clock,
    relay: Relay,
    secrets: Mapping[str, str],
    company: Company,
    metrics: CallbackMetrics,
) -> APIRouter:
    """The one route of providers; `secrets` by the provider's name."""
    router = APIRouter(prefix="/v1", tags=["callbacks"])

    @router.post(
        "/callbacks/{provider}",
        status_code=202,
        response_model=TakenDocument,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": ReportsFields.model_json_schema()}},
            }
        },
    )
    async def callback(provider: str, request: Request) -> Response:
        """Report what became of messages. Signed as standardwebhooks.com has it.

        A request whose `webhook-id` was here before changes nothing.
        """
        secret = secrets.get(provider)
        if secret is None:
            raise NotFound("no-such-provider", "No provider of that name reports here.")
        raw = await request.body()
        try:
            # The provider signs by the real clock, whatever ours is shifted to.
            report_id = verify([secret], request.headers, raw, now_s=time.time())
        except SignatureError as wrong:
            metrics.refused.labels(provider).inc()
            raise Unauthorised("bad-signature", f"The signature is not valid: {wrong}.") from None
        told = _read(raw)
        now = clock()
        async with db.transaction() as tx:
            fresh = await seen.first_seen(tx, provider, report_id, now=now)
            results = [
                await reports.take_in(tx, provider, report, now=now)
                for _, report in (told if fresh else [])
            ]
        relay.wake()
        for (kind, _), result in zip(told if fresh else [], results, strict=True):
            metrics.reports.labels(provider, kind, result.result).inc()
        return JSONResponse(_answer(results, company, repeated=not fresh), 202)

    return router


def _answer(results: list[Taken], company: Company, *, repeated: bool) -> dict[str, Any]:
    languages = [result.help for result in results if result.help is not None]
    told = {"name": company.name, "contact": company.contact}
    return {
        "taken": sum(result.result == "taken" for result in results),
        "nothing_to_do": sum(result.result == "nothing-to-do" for result in results),
        "unknown": sum(result.result == "unknown" for result in results),
        "repeated": repeated,
        "reply": HELP[languages[0]].format(**told) if languages else None,
    }


def _read(raw: bytes) -> list[tuple[str, Report]]:
    """Kind and report of each in a body.

    Raises:
        Malformed: it is not JSON.
        Invalid: it is not a list of reports; names the fields.
    """
    try:
        fields = _body.validate_json(raw)
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False, include_input=False)
        if any(fault["type"] == "json_invalid" for fault in faults):
            raise Malformed("malformed-request", "The body is not JSON.") from None
        errors = [FieldError(".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults]
        raise Invalid("invalid", "The reports cannot be read.", fields=errors) from None
    read: list[tuple[str, Report]] = []
    for place, one in enumerate(fields.reports):
        try:
            read.append((one.kind, one.report()))
        except ValueError as wrong:
            raise Invalid.field(f"reports.{place}", str(wrong)) from None
    return read
