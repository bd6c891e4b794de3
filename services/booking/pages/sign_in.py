"""Sign-in as pages: a code by mail, then a session in a cookie."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.booking.api.access import caller_of
from services.booking.api.limits import Limits
from services.booking.api.sign_in import CodeFields, EmailFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain import limits as figures
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Role, email_key
from services.booking.handlers import sign_in
from services.booking.pages.book import form_of
from services.booking.pages.session import begin_session, end_session, session_token
from services.booking.pages.shell import Shell
from services.booking.store import sign_in as sessions
from shared.clock import Clock
from shared.errors import Unauthorised
from shared.postgres import Transaction

NEXT_MAX_CHARACTERS = 500
"""Addresses of our pages with their queries are shorter."""

HOME: dict[Role, str] = {
    "client": "/me",
    "trainer": "/desk",
    "clinician": "/clinic",
    "staff": "/staff",
    "lead": "/staff",
}
"""Where each role begins."""


def own_page(address: object) -> str | None:
    """An address to go on to after sign-in; None unless it is a path of ours, whatever its form.

    Browsers read a backslash as a slash and skip line breaks, and two slashes name another host.
    """
    text = str(address or "")
    if not text.startswith("/") or len(text) > NEXT_MAX_CHARACTERS:
        return None
    if text[1:2] in {"/", "\\"} or any(one <= " " or one in "\\\x7f" for one in text):
        return None
    parts = urlsplit(text)
    return None if parts.scheme or parts.netloc else text


def after_sign_in(role: Role, wanted: str | None) -> str:
    """Where somebody goes on to: the page they came for, unless it belongs to another role."""
    home = HOME[role]
    if wanted is None:
        return home
    begins = "/" + urlsplit(wanted).path.split("/")[1]
    return home if begins in {*HOME.values(), "/sign-in", "/sign-out"} - {home} else wanted


def routes(
    shell: Shell, clock: Clock, writer: Writer, signer: LinkSigner, limits: Limits
) -> APIRouter:
    """Signing in and out."""
    router = shell.router()

    def form_page(
        request: Request,
        wanted: object,
        *,
        status: int = 200,
        email: str = "",
        asked: bool = False,
        errors: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        return shell.page(
            request,
            "sign-in.html.j2",
            status=status,
            email=email,
            asked=asked,
            errors=errors,
            wanted=own_page(wanted),
        )

    @router.get("/sign-in")
    async def first(request: Request) -> Response:
        """Ask for a code."""
        return form_page(request, request.query_params.get("next"))

    @router.post("/sign-in")
    async def ask(request: Request) -> Response:
        """Mail a code, if the address is known; the page never tells."""
        form = await form_of(request)
        try:
            body = EmailFields(email=str(form.get("email") or ""))
        except ValidationError as wrong:
            errors = shell.wrong_fields(request, wrong)
            typed = str(form.get("email") or "")
            return form_page(request, form.get("next"), status=422, email=typed, errors=errors)
        await limits.check(
            request,
            (figures.SIGN_IN_CODES_PER_ORIGIN, limits.origin(request)),
            (figures.SIGN_IN_CODES_PER_ADDRESS, email_key(body.email)),
        )

        async def work(tx: Transaction) -> Answer:
            await sign_in.ask_for_code(tx, body.email, signer=signer, now=clock())
            return Answer(202)

        await writer.done(caller_of(request), work)
        return form_page(request, form.get("next"), email=body.email, asked=True)

    @router.post("/sign-in/verify")
    async def verify(request: Request) -> Response:
        """Begin a session with the code."""
        form = await form_of(request)
        email = str(form.get("email") or "")

        def again(errors: dict[str, str], status: int) -> Response:
            return form_page(
                request, form.get("next"), status=status, email=email, asked=True, errors=errors
            )

        try:
            code = "".join(str(form.get("code") or "").split())
            body = CodeFields(email=email, code=code)
        except ValidationError as wrong:
            return again(shell.wrong_fields(request, wrong), 422)
        wrong_codes = figures.WRONG_CODES_PER_ADDRESS, email_key(body.email)
        await limits.check(
            request, (figures.CODE_TRIES_PER_ORIGIN, limits.origin(request)), wrong_codes
        )

        async def work(tx: Transaction) -> Answer | Unauthorised:
            session = await sign_in.verify_code(
                tx, body.email, body.code, signer=signer, now=clock()
            )
            if isinstance(session, Unauthorised):
                return session
            return Answer(200, {"token": session.token, "role": session.role})

        try:
            answer = await writer.done(caller_of(request), work)
        except Unauthorised:
            gettext = shell.words(request).translations.gettext
            return again({"code": gettext("This code is not valid, or no longer.")}, 401)
        await limits.forgive(request, *wrong_codes)
        response = shell.see(after_sign_in(answer["role"], own_page(form.get("next"))))
        begin_session(response, answer["token"], secure=shell.secure)
        return response

    @router.post("/sign-out")
    async def leave(request: Request) -> Response:
        """End the session, here and in the database."""
        token = session_token(request)

        async def work(tx: Transaction) -> Answer:
            if token is not None:
                await sessions.delete_session(tx, token)
            return Answer(200, {})

        await writer.done(caller_of(request), work)
        response = shell.see("/")
        end_session(response, secure=shell.secure)
        return response

    return router
