"""What all pages share: layout and language, headers that keep them safe, refusals as pages."""

import gzip
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from services.booking.api.access import READING, caller_of
from services.booking.domain.people import Caller, Language
from services.booking.pages.assets import Assets, compresses
from services.booking.pages.language import (
    LANGUAGES,
    REMEMBERED_IN,
    Tongue,
    language_of,
    tongue,
)
from services.booking.pages.refusals import field_text, refusal_of
from services.booking.pages.session import check_origin
from shared.clock import Clock
from shared.errors import Malformed, Refused

REMEMBERED_S = 365 * 24 * 3600

SMALLEST_COMPRESSED = 1_000
"""Bytes: a shorter page does not get any faster."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Addresses of pages hold links that open a booking: no other site sees them.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language, Accept-Encoding",
}


class Shell:
    """Renders pages. Templates are compiled when it is made, so a broken one stops the start."""

    def __init__(self, public_url: str, clock: Clock) -> None:
        self.assets = _assets()
        self.public_url = public_url
        self._clock = clock
        self.secure = urlsplit(public_url).scheme == "https"
        self._by_language = {one: _templates(one) for one in LANGUAGES}

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        language: Language | None = None,
        headers: Mapping[str, str] = HEADERS,
        **values: object,
    ) -> HTMLResponse:
        """A page in the visitor's language; `values` are what its template names.

        A page that has a language of its own reads and sets no cookie for it.
        """
        remembers = language is None
        language = language or language_of(request)
        content = (
            self._by_language[language]
            .get_template(template)
            .render(
                caller=caller_of(request),
                words=self._of_this_year(language),
                here=request.url.path,
                other_language=_in_other_language(request, language),
                **values,
            )
        )
        response = _answered(request, content.encode(), status, headers)
        if remembers:
            self._remember(request, response)
        return response

    def words(self, request: Request) -> Tongue:
        """The visitor's language."""
        return self._of_this_year(language_of(request))

    def refuse(self, request: Request, no: Refused) -> HTMLResponse:
        """A refusal as a page that says what to do next."""
        told = refusal_of(no, self.words(request))
        back = {"next": _here(request)} if request.method in READING else {}
        sign_in = "/sign-in" + (f"?{urlencode(back)}" if back else "")
        return self.page(request, "refused.html.j2", status=no.status, told=told, sign_in=sign_in)

    def wrong_fields(self, request: Request, wrong: ValidationError) -> dict[str, str]:
        """The bad fields of a form by the last part of their names, in the page's words."""
        words = self.words(request)
        told: dict[str, str] = {}
        for fault in wrong.errors():
            name = str(fault["loc"][-1]) if fault["loc"] else ""
            message = fault["msg"].removeprefix("Value error, ")
            told.setdefault(name, field_text(name, message, words))
        return told

    def see(self, address: str, **query: str) -> RedirectResponse:
        """Send the browser on to a page of ours, after a form was carried out."""
        target = f"{address}?{urlencode(query)}" if query else address
        return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})

    def worker(self, name: str) -> Response:
        """A service worker's file, at the address that says for which pages it may speak."""
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(self.assets.plain(name), media_type="text/javascript", headers=headers)

    def sign_in_first(self, request: Request) -> RedirectResponse:
        """Send a visitor to sign in, and back here afterwards."""
        return self.see("/sign-in", next=_here(request))

    def router(self) -> APIRouter:
        """A router for pages: forms only from our own pages, refusals as pages."""
        return APIRouter(include_in_schema=False, route_class=self._route_class())

    def _of_this_year(self, language: Language) -> Tongue:
        return replace(tongue(language), year=self._clock().year)

    def _remember(self, request: Request, response: Response) -> None:
        chosen = request.query_params.get("lang")
        if chosen in LANGUAGES:
            response.set_cookie(
                REMEMBERED_IN,
                chosen,
                max_age=REMEMBERED_S,
                httponly=True,
                samesite="lax",
                secure=self.secure,
            )

    def _route_class(self) -> type[APIRoute]:
        shell = self

        class PageRoute(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                inner = super().get_route_handler()

                async def handle(request: Request) -> Response:
                    # Known once the route's dependencies have run; a refusal may come before.
                    request.state.caller = Caller()
                    try:
                        if request.method not in READING:
                            check_origin(request, shell.public_url)
                        return await inner(request)
                    except Refused as no:
                        return shell.refuse(request, no)
                    except RequestValidationError:
                        return shell.refuse(request, unreadable())

                return handle

        return PageRoute


def _answered(
    request: Request, content: bytes, status: int, headers: Mapping[str, str]
) -> HTMLResponse:
    sent = {**headers}
    if len(content) >= SMALLEST_COMPRESSED and compresses(request):
        content = gzip.compress(content, 6, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return HTMLResponse(content, status, headers=sent)


def _here(request: Request) -> str:
    """The address of a page as it was opened."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


@cache
def _assets() -> Assets:
    return Assets()


@cache
def _templates(language: Language) -> Environment:
    words = tongue(language)
    templates = Environment(
        loader=PackageLoader("services.booking.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_translations(  # type: ignore[attr-defined]
        words.translations, newstyle=True
    )
    templates.globals |= {"asset": _assets().url, "words": words}
    for name in templates.list_templates():
        templates.get_template(name)
    return templates


def unreadable() -> Refused:
    """An address or a form that no page of ours sends."""
    return Malformed("malformed-request", "The request cannot be read.")


def _in_other_language(request: Request, language: str) -> tuple[str, str]:
    """The other language and this page's address in it, beginning with the query."""
    other = next(one for one in LANGUAGES if one != language)
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return other, f"?{urlencode([*query, ('lang', other)])}"
