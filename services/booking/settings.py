"""What booking reads from its environment (BOOKING_*)."""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.sealing import MasterKey
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
    `key_encryption_key` (32 random bytes, base64url) wraps the clients' keys;
    `key_encryption_key_old` is the one before it, until all keys are wrapped anew.
    """

    model_config = SettingsConfigDict(env_prefix="BOOKING_")

    secret: Annotated[SecretStr, Field(min_length=32)]
    key_encryption_key: SecretStr
    key_encryption_key_old: SecretStr | None = None
    public_url: str
    meeting_url: str = "https://meet.limber.example"
    trusted_proxies: Networks = ()
    push_public_key: str | None = None

    @cached_property
    def master_key(self) -> MasterKey:
        """What wraps the clients' keys. Raises ValueError when it is no key."""
        old = self.key_encryption_key_old
        return MasterKey.read(
            self.key_encryption_key.get_secret_value(), old.get_secret_value() if old else None
        )
