"""The local inbox: what SMTP accepted is kept and shown, harmlessly."""

import json
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path

import pytest

from deploy.commands import inbox as command
from deploy.embedded import ports
from deploy.embedded.mailbox.links import with_links
from deploy.embedded.mailbox.reading import read
from deploy.embedded.ready import says_ok, wait_until

READY_SECONDS = 20.0


class Mailbox:
    """A running inbox over one store."""

    def __init__(self, store: Path) -> None:
        self._store = store
        web, smtp = ports.reserve(0), ports.reserve(0)
        assert web is not None
        assert smtp is not None
        self._web, self._smtp = web, smtp
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._web.port}"

    async def start(self) -> None:
        """Run it until it answers."""
        self._web.release()
        self._smtp.release()
        self.process = _run(self._smtp.port, self._web.port, self._store)
        await wait_until(
            lambda: says_ok(self._web.port, "/readyz"), seconds=READY_SECONDS, what="the inbox"
        )

    def kill(self) -> None:
        """End it without a word."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def send(self, message: EmailMessage) -> None:
        """Deliver one mail."""
        with smtplib.SMTP("127.0.0.1", self._smtp.port) as client:
            client.send_message(message)

    def get(self, path: str, *, host: str | None = None) -> tuple[int, dict[str, str], str]:
        """Status, headers and body."""
        connection = HTTPConnection("127.0.0.1", self._web.port, timeout=10)
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, body

    def last(self) -> str:
        """The id of the newest mail."""
        return command.Inbox(self.url).ids()[0]


def _run(smtp: int, web: int, store: Path) -> subprocess.Popen[bytes]:
    module = (sys.executable, "-m", "deploy.embedded.mailbox")
    return subprocess.Popen(
        (*module, f"--smtp-port={smtp}", f"--http-port={web}", f"--store={store}")
    )


@pytest.fixture(scope="module")
async def mailbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mailbox]:
    box = Mailbox(tmp_path_factory.mktemp("mail") / "mail.sqlite")
    await box.start()
    yield box
    box.kill()


def a_mail(subject: str, *, message_id: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Limber <hello@limber.example>"
    message["To"] = Address("Zoë, the Client", addr_spec="client@limber.example")
    message["Subject"] = subject
    if message_id:
        message["Message-ID"] = message_id
    message.set_content("Manage it: https://limber.example/manage/abc?x=1&y=2.\n")
    return message


Inbox = Callable[[], list[dict[str, object]]]


@pytest.fixture
def printed(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inbox:
    """What `limber inbox --json` prints."""
    monkeypatch.setenv("LIMBER_MAIL_URL", mailbox.url)

    def run() -> list[dict[str, object]]:
        capsys.readouterr()
        command.inbox(as_json=True)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_the_command_prints_mails_oldest_first(mailbox: Mailbox, printed: Inbox) -> None:
    mailbox.send(a_mail("older"))
    mailbox.send(a_mail("newer"))

    older, newer = printed()[-2:]

    assert (older["subject"], newer["subject"]) == ("older", "newer")
    assert newer["to"] == ["client@limber.example"]
    assert "https://limber.example/manage/abc?x=1&y=2" in str(newer["text"])
    assert newer["html"] == ""


def test_every_page_of_a_long_inbox_is_read(
    mailbox: Mailbox, printed: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        mailbox.send(a_mail(f"mail {number}"))
    monkeypatch.setattr(command, "PAGE_SIZE", 2)

    subjects = [mail["subject"] for mail in printed()]

    assert [f"mail {number}" for number in range(5)] == subjects[-5:]


def test_a_calendar_comes_as_text_and_other_files_as_base64(
    mailbox: Mailbox, printed: Inbox
) -> None:
    message = a_mail("with files")
    message.add_alternative("<p>Hello</p>", subtype="html")
    message.add_attachment(b"BEGIN:VCALENDAR\r\n", "text", "calendar", filename="a.ics")
    message.add_attachment(b"\x00\x01", "application", "pdf", filename="é.pdf")
    mailbox.send(message)

    mail = printed()[-1]

    assert str(mail["html"]).strip() == "<p>Hello</p>"
    assert mail["attachments"] == [
        {"name": "a.ics", "type": "text/calendar", "content": "BEGIN:VCALENDAR\r\n"},
        {"name": "é.pdf", "type": "application/pdf", "content": "AAE="},
    ]


def test_a_calendar_among_the_alternatives_counts_as_attached(
    mailbox: Mailbox, printed: Inbox
) -> None:
    message = a_mail("invitation")
    message.add_alternative("<p>Hello</p>", subtype="html")
    message.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    mailbox.send(message)

    attachments = printed()[-1]["attachments"]

    assert [file["type"] for file in attachments] == ["text/calendar"]  # type: ignore[attr-defined]


def test_a_mail_delivered_twice_is_kept_twice_and_shown_as_twins(mailbox: Mailbox) -> None:
    mailbox.send(a_mail("twin", message_id="<twin@limber.example>"))
    mailbox.send(a_mail("twin", message_id="<twin@limber.example>"))

    _, _, listing = mailbox.get("/api/v1/messages?limit=2")

    assert [(row["MessageID"], row["Twins"]) for row in json.loads(listing)["messages"]] == [
        ("twin@limber.example", 2)
    ] * 2
    assert "same Message-ID &times;2" in mailbox.get("/")[2]


async def test_mails_survive_a_kill(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "mail.sqlite")
    await box.start()
    box.send(a_mail("kept"))
    box.kill()
    await box.start()

    ids = command.Inbox(box.url).ids()
    raw = command.Inbox(box.url).raw(ids[0])
    box.kill()

    assert [read(raw).subject] == ["kept"]
    assert (tmp_path / "mail.sqlite").stat().st_mode & 0o777 == 0o600


def test_nothing_of_a_mail_runs_in_the_page(mailbox: Mailbox) -> None:
    message = a_mail("<script>alert(1)</script>")
    message.add_alternative("<script>alert(2)</script><b>bold</b>", subtype="html")
    mailbox.send(message)
    number = mailbox.last()

    _, page_headers, page = mailbox.get(f"/message/{number}")
    _, letter_headers, letter = mailbox.get(f"/message/{number}/html")

    assert "<script>" not in page + mailbox.get("/")[2]
    assert "&lt;script&gt;alert(1)" in page
    assert 'sandbox="allow-popups' in page
    assert "<b>bold</b>" in letter
    assert "script-src" not in letter_headers["content-security-policy"]
    assert "default-src 'none'" in letter_headers["content-security-policy"]
    assert "sandbox" in letter_headers["content-security-policy"]
    assert "default-src 'none'" in page_headers["content-security-policy"]


def test_an_attachment_is_saved_never_shown(mailbox: Mailbox) -> None:
    message = a_mail("file")
    message.add_attachment("<script>", "html", filename='x"; evil.html')
    mailbox.send(message)

    status, headers, body = mailbox.get(f"/message/{mailbox.last()}/attachment/0")

    assert (status, body.strip()) == (200, "<script>")
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''x%22%3B%20evil")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/message/999999", 404),
        ("/message/99999999999999999999", 404),
        ("/message/1/attachment/99", 404),
        ("/message/1/attachment/-1", 404),
        ("/api/v1/message/x/raw", 404),
        ("/api/v1/messages?limit=x", 400),
        ("/api/v1/messages?start=-1", 400),
        ("/api/v1/messages?limit=99999999999999999999", 400),
        ("/?start=9", 200),
    ],
)
def test_strange_requests_get_plain_answers(mailbox: Mailbox, path: str, expected: int) -> None:
    mailbox.send(a_mail("there is at least one"))

    assert expected == mailbox.get(path)[0]


def test_a_page_of_another_name_cannot_read_the_inbox(mailbox: Mailbox) -> None:
    assert mailbox.get("/", host="evil.example")[0] == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: =?utf-8?B?////?=\r\n\r\nx",
        "To: Zoë <zoë@limber.example>\r\nSubject: é\r\n\r\né".encode(),
        b"From: <>@\r\nTo: ;;,,\r\nMessage-ID: <[\r\n\r\nx",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n\xff\xfe",
        b"Date: never\r\nSubject: \xff\xfe\r\n\r\n\x00",
    ],
)
def test_a_malformed_mail_is_still_readable(raw: bytes) -> None:
    letter = read(raw)

    assert json.dumps(command.as_document(letter), ensure_ascii=False).encode()


def test_headers_in_plain_utf_8_are_read() -> None:
    letter = read("To: Zoë <zoë@limber.example>\r\nSubject: été\r\n\r\n".encode())

    assert letter.subject == "été"
    assert letter.addresses("To") == [("Zoë", "zoë@limber.example")]


def test_a_header_folded_right_after_its_name_begins_with_its_first_word() -> None:
    folded = b"Subject:\r\n =?utf-8?q?A_time?=\r\n is free\r\nTo:\r\n a@limber.example\r\n\r\n"

    letter = read(folded)

    assert "A time is free" == letter.subject
    assert [("", "a@limber.example")] == letter.addresses("To")


def test_links_end_where_the_sentence_goes_on() -> None:
    expected = (
        '(see <a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener">'
        "https://a.example/?x=1&amp;y=2</a>). &lt;b&gt; javascript:x"
    )

    assert expected == with_links("(see https://a.example/?x=1&y=2). <b> javascript:x")


def test_the_inbox_stops_when_asked(tmp_path: Path, mailbox: Mailbox) -> None:
    web, smtp = ports.reserve(0), ports.reserve(0)
    assert web is not None
    assert smtp is not None
    web.release()
    smtp.release()
    process = _run(smtp.port, web.port, tmp_path / "mail.sqlite")
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(timeout=10) in {0, -signal.SIGTERM}
