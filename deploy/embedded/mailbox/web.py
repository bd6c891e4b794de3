"""The page and the JSON of the inbox; the paths under /api are those of Mailpit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.embedded.mailbox.links import with_links
from deploy.embedded.mailbox.reading import Letter, read
from deploy.embedded.mailbox.store import Mail, Store

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000
# Past any inbox, and within SQLite's integers.
MOST_MAILS = 10**9
SNIPPET_CHARACTERS = 250

# A mail's HTML may style itself and be clicked, nothing more.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"

T = TypeVar("T")


class Pages:
    """The handlers over one store; disk work happens in `disk`."""

    def __init__(self, store: Store, disk: Executor) -> None:
        self._store = store
        self._disk = disk
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
        )

    def application(self) -> Starlette:
        """The web application."""
        routes = [
            Route("/", self.index),
            Route("/message/{id:int}", self.message),
            Route("/message/{id:int}/html", self.html),
            Route("/message/{id:int}/attachment/{number:int}", self.attachment),
            Route("/readyz", self.readyz),
            Route("/api/v1/messages", self.messages, methods=["GET"]),
            Route("/api/v1/messages", self.clear, methods=["DELETE"]),
            Route("/api/v1/message/{id:int}", self.message_json),
            Route("/api/v1/message/{id:int}/raw", self.raw),
        ]
        # The inbox holds sign-in codes: a web page must not reach it by a name of its own.
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    async def index(self, request: Request) -> Response:
        """All mails, newest first, a page at a time."""
        start = _number(request, "start", 0, highest=None)
        total, mails = await self._run(lambda: self._page(start, DEFAULT_LIMIT))
        rows = [(mail, read(mail.raw)) for mail in mails]
        return self._page_of("index.html", rows=rows, total=total, start=start, limit=DEFAULT_LIMIT)

    async def message(self, request: Request) -> Response:
        """One mail."""
        mail, letter = await self._letter(request)
        text = Markup(with_links(letter.text))  # noqa: S704 - links.py escapes all it is given
        return self._page_of("message.html", mail=mail, letter=letter, text=text)

    async def html(self, request: Request) -> Response:
        """The HTML part of a mail, alone and powerless."""
        _, letter = await self._letter(request)
        page = f'<base target="_blank">{letter.html}'
        return HTMLResponse(page, headers={"Content-Security-Policy": LETTER_POLICY} | GUARDS)

    async def attachment(self, request: Request) -> Response:
        """One attachment, to be saved."""
        _, letter = await self._letter(request)
        number = request.path_params["number"]
        if number >= len(letter.attachments):
            raise HTTPException(404)
        found = letter.attachments[number]
        name = quote(found.name or f"attachment-{number}", safe="")
        disposition = f"attachment; filename*=UTF-8''{name}"
        return Response(
            found.content,
            media_type="application/octet-stream",
            headers={"Content-Disposition": disposition} | GUARDS,
        )

    async def readyz(self, request: Request) -> Response:
        """200 while the store answers."""
        del request
        await self._run(self._store.count)
        return PlainTextResponse("ok")

    async def messages(self, request: Request) -> Response:
        """Summaries, newest first."""
        start = _number(request, "start", 0, highest=None)
        limit = _number(request, "limit", DEFAULT_LIMIT, highest=LARGEST_LIMIT)
        total, mails = await self._run(lambda: self._page(start, limit))
        rows = [_summary(mail, read(mail.raw)) for mail in mails]
        return JSONResponse(
            {
                "total": total,
                "messages_count": total,
                "count": len(rows),
                "start": start,
                "messages": rows,
            }
        )

    async def message_json(self, request: Request) -> Response:
        """One mail, read."""
        mail, letter = await self._letter(request)
        attachments = [
            {"FileName": file.name, "ContentType": file.type, "Size": len(file.content)}
            for file in letter.attachments
        ]
        row = _summary(mail, letter)
        del row["Snippet"]
        return JSONResponse(
            row | {"Text": letter.text, "HTML": letter.html, "Attachments": attachments}
        )

    async def raw(self, request: Request) -> Response:
        """One mail as it came."""
        mail, _ = await self._letter(request)
        return Response(mail.raw, media_type="text/plain", headers=GUARDS)

    async def clear(self, request: Request) -> Response:
        """Forget all mails."""
        del request
        await self._run(self._store.clear)
        return PlainTextResponse("ok")

    async def _letter(self, request: Request) -> tuple[Mail, Letter]:
        number = request.path_params["id"]
        mail = await self._run(lambda: self._store.find(number)) if number < MOST_MAILS else None
        if mail is None:
            raise HTTPException(404)
        return mail, read(mail.raw)

    def _page(self, start: int, limit: int) -> tuple[int, list[Mail]]:
        return self._store.count(), self._store.page(start, limit)

    def _page_of(self, template: str, **values: object) -> Response:
        page = self._templates.get_template(template).render(values)
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY} | GUARDS)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)


GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def _number(request: Request, name: str, default: int, *, highest: int | None) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:20]) < MOST_MAILS):
        raise HTTPException(400, f"{name} must be a whole number")
    return min(int(text), highest) if highest else int(text)


def _summary(mail: Mail, letter: Letter) -> dict[str, Any]:
    people = {
        kind: [{"Name": name, "Address": address} for name, address in letter.addresses(kind)]
        for kind in ("From", "To", "Cc", "Bcc")
    }
    senders = people.pop("From") or [{"Name": "", "Address": ""}]
    return {
        "ID": str(mail.id),
        "MessageID": letter.message_id,
        "From": senders[0],
        **people,
        "Subject": letter.subject,
        "Created": mail.received,
        "Size": len(mail.raw),
        "Attachments": len(letter.attachments),
        "Twins": mail.twins,
        "Snippet": letter.text[:SNIPPET_CHARACTERS],
    }
