"""What booking reads from its environment (BOOKING_*)."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class BookingSettings(ServiceSettings):
    """Settings of booking.

    `secret` signs links; `public_url` is where people reach the pages; `meeting_url` is the
    Jitsi-style server on which virtual sessions get a room each.
    """

    model_config = SettingsConfigDict(env_prefix="BOOKING_")

    secret: Annotated[SecretStr, Field(min_length=32)]
    public_url: str
    meeting_url: str = "https://meet.limber.example"
