"""What notify reads from its environment (NOTIFY_*)."""

from email.utils import parseaddr
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.notify.channels.mail import Server
from services.notify.settings_outside import OutsideSettings
from services.notify.writing.company import Company

DEFAULT_PORTS = {"smtp": 25, "smtps": 465}

MIN_RATE, MAX_RATE = 0.01, 10_000.0
"""Messages a second: from one in a hundred seconds to more than any server takes."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotifySettings(OutsideSettings):
    """Settings of notify.

    `smtp_urls`: smtp[s]://[user:password@]host[:port][?rate=20], comma-separated, the primary
    first; `rate` is the most messages a second that the server takes from all replicas.
    """

    model_config = SettingsConfigDict(env_prefix="NOTIFY_", hide_input_in_errors=True)

    smtp_urls: SecretStr
    from_: Annotated[str, Field(validation_alias="NOTIFY_FROM")]
    public_url: str
    company_name: str = "Limber"
    company_address: str = "100 Example Street, Toronto, Ontario M5V 0A1, Canada"

    @field_validator("smtp_urls")
    @classmethod
    def _readable(cls, urls: SecretStr) -> SecretStr:
        if not _servers(urls.get_secret_value()):
            raise ValueError("names no SMTP server")
        return urls

    @field_validator("from_")
    @classmethod
    def _an_address(cls, sender: str) -> str:
        if "@" not in parseaddr(sender)[1]:
            raise ValueError("is not a mail address such as Limber <hello@limber.example>")
        return sender

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("is not an http or https address")
        return url.rstrip("/")

    @property
    def company(self) -> Company:
        """Who writes; whoever answers a mail reaches them."""
        return Company(self.company_name, self.company_address, parseaddr(self.from_)[1])

    @property
    def servers(self) -> tuple[Server, ...]:
        """The mail servers, the primary first."""
        return _servers(self.smtp_urls.get_secret_value())


def _servers(urls: str) -> tuple[Server, ...]:
    return tuple(_server(url.strip()) for url in urls.split(",") if url.strip())


def _server(url: str) -> Server:
    # The messages never quote the address: it may hold a password.
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("an SMTP address begins with smtp:// or smtps://")
    if not parts.hostname:
        raise ValueError("an SMTP address names no host")
    local = parts.hostname in LOOPBACK
    return Server(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        # A password never crosses a network in the clear.
        starttls=True if parts.username and not local and parts.scheme == "smtp" else None,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        per_second=_rate(parts.query),
    )


def _rate(query: str) -> float | None:
    asked = parse_qs(query, keep_blank_values=True)
    if unknown := asked.keys() - {"rate"}:
        raise ValueError(f"an SMTP address knows no {', '.join(sorted(unknown))}")
    if not asked:
        return None
    rate = float(asked["rate"][-1])
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ValueError(f"a rate is between {MIN_RATE:g} and {MAX_RATE:g} messages a second")
    return rate
