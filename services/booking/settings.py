"""What booking reads from its environment (BOOKING_*)."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.settings import ServiceSettings


def _networks(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
"""Networks or addresses, separated by commas."""


class BookingSettings(ServiceSettings):
    """Settings of booking.

    `secret` signs links; `public_url` is where people reach the pages; `meeting_url` is the
    Jitsi-style server on which virtual sessions get a room each; `trusted_proxies` are those whose
    X-Forwarded-For says where a request comes from; `push_public_key` is the VAPID key (P-256,
    base64url) whose private part notify has: without it no browser can ask for notifications.
    """

    model_config = SettingsConfigDict(env_prefix="BOOKING_")

    secret: Annotated[SecretStr, Field(min_length=32)]
    public_url: str
    meeting_url: str = "https://meet.limber.example"
    trusted_proxies: Networks = ()
    push_public_key: str | None = None
