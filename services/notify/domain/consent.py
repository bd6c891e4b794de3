"""Whether a class of message may reach a person by a channel: consent, and a way to get there."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from services.notify.domain.delivery import Person
from services.notify.domain.templates import Channel, MessageClass
from shared.contracts.contacts import Grant, PushDevice

REACHING: tuple[Channel, ...] = ("email", "sms", "push")


@dataclass(frozen=True)
class Consented:
    """What is known of a person's consent and addresses.

    `reminders` and `marketing` are the consent to service and marketing messages by e-mail of a
    document that has no grants.
    """

    phone: str | None
    reminders: bool
    marketing: bool
    grants: tuple[Grant, ...]
    devices: tuple[PushDevice, ...]


def refusal(
    person: Consented | Person, message_class: MessageClass, channel: Channel, *, now: datetime
) -> str | None:
    """Why a message may not go out that way; None when it may.

    Essential mail needs no leave. A text always needs that of its number. A device that was
    registered is leave for what is not marketing, until it is withdrawn.
    """
    asked: MessageClass = "service" if message_class == "essential" else message_class
    reason = None
    match channel:
        case "sms" if not person.phone:
            reason = "no phone number"
        case "push" if not person.devices:
            reason = "no device for push"
        case "push" if asked == "service":
            reason = "push was turned off" if _withdrawn(person, now) else None
        case "email" if message_class == "essential":
            reason = None
        case _:
            granted = _granted(person, asked, channel, now)
            reason = None if granted else f"no consent to {asked} messages by {channel}"
    return reason


def reach(person: Consented | Person, *, now: datetime) -> dict[MessageClass, list[Channel]]:
    """The channels by which each class of message reaches a person now."""
    return {
        message_class: [
            channel
            for channel in REACHING
            if refusal(person, message_class, channel, now=now) is None
        ]
        for message_class in get_args(MessageClass)
    }


def _granted(
    person: Consented | Person, message_class: MessageClass, channel: Channel, now: datetime
) -> bool:
    if not person.grants:
        agreed = person.reminders if message_class == "service" else person.marketing
        return channel == "email" and agreed
    return any(
        grant.granted and (grant.expires_at is None or now < grant.expires_at)
        for grant in person.grants
        if (grant.message_class, grant.channel) == (message_class, channel)
    )


def _withdrawn(person: Consented | Person, now: datetime) -> bool:
    told = [grant for grant in person.grants if (grant.message_class, grant.channel) == _PUSH]
    return bool(told) and not _granted(person, "service", "push", now)


_PUSH = ("service", "push")
