"""What became of a report: asked by the page until progress has answered, and then in words."""

from time import monotonic
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.booking.api.access import caller_of, seeing
from services.booking.api.clients import CheckInFields, take_check_in
from services.booking.api.writing import Answer, Writer
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import told_again
from services.booking.pages.me import whose
from services.booking.pages.me_view import View, said
from services.booking.pages.report_refusals import why_refused
from services.booking.pages.shell import Shell, unreadable
from services.booking.queries import progress
from services.booking.streams import Wakeups, Watch
from shared.clock import Clock
from shared.errors import NotFound
from shared.postgres import Database, Transaction

ASKS_WHY = "ask-why"
"""The action of a rule that wants to know what a worse morning may come from."""

MOST_LOOKS = 20
"""How often a page without scripts looks by itself; then a link does."""


PATIENCE_S = 0.4
"""How long a page is kept back for the answer, which mostly comes sooner: then it is on the first
page, with or without scripts. A later one comes by the stream, or when the page looks again."""


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer, wakeups: Wakeups) -> APIRouter:
    """The answer, and the reasons that may be added to a check-in."""
    router = shell.router()

    async def found(request: Request, report_id: UUID) -> tuple[View, View | None]:
        """The answer, and the check-in as the view has it by now."""
        client_id, caller = whose(request), caller_of(request)
        async with seeing(db, caller, client_id, "answer", now=clock()) as (connection, _):
            row = await progress.submission(connection, client_id, report_id)
            document = await progress.view(connection, client_id)
        if row is None:
            raise NotFound("not-found", "There is no such report.")
        known = (one for one in document.get("check_ins", ()) if one["id"] == str(report_id))
        return row.document, next(known, None)

    async def heard(request: Request, report_id: UUID) -> tuple[View, View | None]:
        """As `found`, with a little patience while progress has not answered."""
        watch, until = Watch(), monotonic() + PATIENCE_S
        with wakeups.watching(whose(request), watch):
            async for _ in watch.ticks(every_s=PATIENCE_S):
                report, told = await found(request, report_id)
                if report["status"] != "pending" or monotonic() >= until:
                    return report, told
        return await found(request, report_id)

    @router.get("/me/reports/{report_id}")
    async def answer(report_id: UUID, request: Request) -> Response:
        """Level and what to do, as soon as they are there."""
        report, told = await heard(request, report_id)
        words = shell.words(request)
        actions = report.get("actions") or []
        asks_why = any(one["code"] == ASKS_WHY for one in actions)
        looked = request.query_params.get("looked", "0")
        looks = int(looked) if looked.isascii() and looked.isdigit() and len(looked) < 3 else 0
        return shell.page(
            request,
            "me-report.html.j2",
            client=whose(request),
            report=report,
            said=said(actions, words),
            reason=why_refused(report.get("reason") or "", words),
            asks_why=asks_why and told is not None and not told["why"],
            waiting=report["status"] == "pending" or (asks_why and told is None),
            looks=looks + 1 if looks < MOST_LOOKS else None,
        )

    @router.post("/me/reports/{report_id}/why")
    async def why(report_id: UUID, request: Request) -> Response:
        """Say what may have been the reason: the check-in is told once more, with it."""
        client_id, caller = whose(request), caller_of(request)
        form = await form_of(request)
        reasons = [str(code) for code in form.getlist("why")]
        _, told = await found(request, report_id)
        if told is None:
            raise NotFound("not-found", "There is no such check-in.")
        if not reasons:
            return shell.see("/me")
        try:
            fields = CheckInFields.model_validate(told_again(told, reasons))
        except ValidationError:
            raise unreadable() from None

        async def work(tx: Transaction) -> Answer:
            keys, now = writer.keys, clock()
            report_id = await take_check_in(tx, keys, caller, client_id, fields, now=now)
            return Answer(202, {"id": str(report_id)})

        made = await writer.done(caller, work, once=f"why {report_id}")
        return shell.see(f"/me/reports/{UUID(made['id'])}")

    return router
