"""Leaving by the link of a mail (RFC 8058): looking changes nothing, a POST acts at once."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.booking.api import dry_run
from services.booking.api.fields import LanguageCode
from services.booking.api.writing import Answer, Writer
from services.booking.domain.consents import Kind, Source
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller, Language, Person
from services.booking.handlers import consents
from services.booking.store.people import find_person
from shared.clock import Clock
from shared.errors import Invalid, Malformed
from shared.postgres import Database, Transaction

TOKEN_MAX_CHARACTERS = 200
"""Ours have 48."""

MOST_FIELDS = 10
"""Two are needed."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    # The address is a token: it goes to nobody else, and no cache keeps what it shows.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language, Accept-Encoding",
}
"""Of the pages behind such a link."""

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What RFC 8058 has a mail program send; the page's own form sends it as well."""

FROM_PAGE = ("from", "page")
"""What the page's own form sends beside it."""

Lang = Annotated[LanguageCode | None, Query(description="The page's language.")]

PATH = "/unsubscribe/{token}"


class Pages(Protocol):
    """What the link shows; `HEADERS` go with each page."""

    def asking(self, request: Request, kind: Kind, language: Language) -> HTMLResponse:
        """What will stop, and a button whose form sends `ONE_CLICK` and `FROM_PAGE`."""

    def done(self, request: Request, kind: Kind, language: Language) -> HTMLResponse:
        """What has stopped."""

    def unknown(self, request: Request, language: Language | None) -> HTMLResponse:
        """The link is none of ours; in the browser's language where None is asked for. A 404."""


def routes(
    db: Database, clock: Clock, writer: Writer, signer: LinkSigner, pages: Pages
) -> APIRouter:
    """The page behind an unsubscribe link. Nobody signs in, and no cookie is set or read."""
    router = APIRouter(tags=["unsubscribe"])

    @router.get(PATH, response_class=HTMLResponse)
    async def show(token: str, request: Request, lang: Lang = None) -> HTMLResponse:
        """What the link will stop, and a button; nothing happens yet."""
        found = opened(token)
        async with db.reading() as connection:
            person = await find_person(connection, found[0]) if found else None
        if found is None or person is None:
            return pages.unknown(request, lang)
        return pages.asking(request, found[1], lang or person.language)

    @router.head(PATH, include_in_schema=False)
    async def look(token: str, request: Request) -> HTMLResponse:
        """As GET, without the page."""
        return await show(token, request)

    @router.post(PATH, response_class=HTMLResponse)
    async def stop(token: str, request: Request, lang: Lang = None) -> HTMLResponse:
        """Stop the messages, at one click in the mail program or by the page's button."""
        found = opened(token)
        if found is None:
            return pages.unknown(request, lang)
        person_id, kind = found
        source = _source(request.headers.get("content-type", ""), await request.body())
        stopped: Person | None = None

        async def work(tx: Transaction) -> Answer:
            nonlocal stopped
            stopped = await consents.unsubscribe(
                tx, person_id, kind, source=source, signer=signer, now=clock()
            )
            return Answer(200)

        # No Idempotency-Key is needed: again changes nothing.
        kept = await writer.commit(request, Caller(), work, keep_answer=False)
        if stopped is None:
            return pages.unknown(request, lang)
        answer = pages.done(request, kind, lang or stopped.language)
        if dry_run.HEADER in kept.headers:
            answer.headers[dry_run.HEADER] = kept.headers[dry_run.HEADER]
        return answer

    def opened(token: str) -> tuple[UUID, Kind] | None:
        return signer.stopped_by(token) if len(token) <= TOKEN_MAX_CHARACTERS else None

    return router


def _source(content_type: str, body: bytes) -> Source:
    """How the wish came: by the mail program, or from the page.

    Raises:
        Invalid: the body is none that RFC 8058 or the page's form sends.
        Malformed: it cannot be read.
    """
    sent = _fields(content_type, body)
    if ONE_CLICK not in sent:
        raise Invalid.field("List-Unsubscribe", "should be One-Click, as a form (RFC 8058)")
    return "unsubscribe-page" if FROM_PAGE in sent else "one-click"


def _fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return parse_qsl(body.decode(), max_num_fields=MOST_FIELDS)
        if kind == "multipart/form-data":
            return _parts(content_type, body)
    except ValueError:
        raise Malformed("malformed-request", "The form cannot be read.") from None
    return []


def _parts(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of a multipart form; a file is none.

    Raises:
        ValueError: it has no parts, or a part that is no text.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    if not form.is_multipart():
        raise ValueError("not a form")
    found = []
    for part in list(form.iter_parts())[:MOST_FIELDS]:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.append((name, content.decode().strip()))
    return found
