"""`limber inbox`: the mails of the local inbox, or of Mailpit under compose."""

import base64
import json
from http.client import HTTPConnection, HTTPException
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from deploy.commands.failure import Failure
from deploy.embedded.mailbox.reading import Attachment, Letter, read
from deploy.stack import find_stack

PAGE_SIZE = 200
TIMEOUT_SECONDS = 10.0


def register(app: typer.Typer) -> None:
    """Add `inbox`."""
    app.command()(inbox)


def inbox(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line.")] = False,
) -> None:
    """Print the mails the inbox holds, oldest first."""
    server = Inbox(find_stack().mail_url)
    for number in reversed(server.ids()):
        letter = read(server.raw(number))
        typer.echo(
            json.dumps(as_document(letter), ensure_ascii=False) if as_json else _text(letter)
        )


def as_document(letter: Letter) -> dict[str, Any]:
    """A mail as `limber inbox --json` prints it."""
    return {
        "to": [address for _, address in letter.addresses("To")],
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "headers": dict(letter.headers),
        "attachments": [_attachment(file) for file in letter.attachments],
    }


class Inbox:
    """The part of Mailpit's API that our own inbox serves too."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def ids(self) -> list[str]:
        """The ids of all mails, newest first."""
        found: dict[str, None] = {}
        while True:
            page = json.loads(self._get(f"/api/v1/messages?start={len(found)}&limit={PAGE_SIZE}"))
            new = [row["ID"] for row in page["messages"] if row["ID"] not in found]
            found.update(dict.fromkeys(new))
            if not new or len(found) >= page["total"]:
                return list(found)

    def raw(self, number: str) -> bytes:
        """One mail as it came."""
        return self._get(f"/api/v1/message/{number}/raw")

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection(self._address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise Failure(f"the inbox at {self._address} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise Failure(f"the inbox at {self._address} answered {answer.status} to {path}")
        return body


def _attachment(file: Attachment) -> dict[str, str]:
    content = (
        file.content.decode(errors="replace")
        if file.type == "text/calendar"
        else base64.b64encode(file.content).decode()
    )
    return {"name": file.name, "type": file.type, "content": content}


def _text(letter: Letter) -> str:
    to = ", ".join(address for _, address in letter.addresses("To"))
    attached = "".join(f"\nAttached: {file.name or file.type}" for file in letter.attachments)
    return f"To: {to}\nSubject: {letter.subject}{attached}\n\n{letter.text.rstrip()}\n{'-' * 72}"
