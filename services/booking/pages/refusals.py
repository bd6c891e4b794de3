"""Refusals in the words of the page: what happened, and what helps next."""

from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Any

from services.booking.pages.language import Tongue
from shared.errors import Refused


@dataclass(frozen=True)
class Told:
    """A refusal for people; `fields` are the bad fields of a form with what is wrong with each."""

    code: str
    title: str
    detail: str
    fields: dict[str, str]
    extra: dict[str, Any]


def refusal_of(no: Refused, words: Tongue) -> Told:
    """A refusal in the language of the page."""
    say = _TEXTS.get(no.code)
    title, detail = say(words.translations) if say else _unknown(words.translations, no)
    fields = {one.field: field_text(one.field, one.message, words) for one in no.fields}
    return Told(no.code, title, detail, fields, no.extra)


def field_text(field: str, message: str, words: Tongue) -> str:
    """What is wrong with a field, in the language of the page."""
    name = field.rpartition(".")[2]
    say = _FIELDS.get(name)
    if say is None or (words.language == "en" and name not in _IN_OWN_WORDS):
        return f"{message[0].upper()}{message[1:]}." if message else ""
    return say(words.translations)


_Texts = Callable[[NullTranslations], tuple[str, str]]


def _unknown(words: NullTranslations, no: Refused) -> tuple[str, str]:
    _ = words.gettext
    return _("That did not work"), no.detail


_TEXTS: dict[str, _Texts] = {
    "slot-taken": lambda w: (
        w.gettext("That time was just taken"),
        w.gettext("Somebody else was a moment quicker. These are the nearest free times."),
    ),
    "hold-expired": lambda w: (
        w.gettext("The time is no longer kept"),
        w.gettext("We keep a time for a while, and this while is over. Please choose again."),
    ),
    "free-workout-used": lambda w: (
        w.gettext("Your free workout is booked already"),
        w.gettext("You can move it with the link in your mail, or book a training session."),
    ),
    "safety-hold": lambda w: (
        w.gettext("Your sessions wait for now"),
        w.gettext("Your trainer would like to speak with you first. Please give us a call."),
    ),
    "not-your-offer": lambda w: (
        w.gettext("This time is kept for somebody who waited for it"),
        w.gettext(
            "Use the e-mail address with which you joined the waitlist, or choose another time."
        ),
    ),
    "waiting-enough": lambda w: (
        w.gettext("You wait for many things already"),
        w.gettext("Leave one of them with the link in its mail, and try again."),
    ),
    "not-waiting": lambda w: (
        w.gettext("This place on the waitlist is gone"),
        w.gettext("You can join the waitlist again beside the free times."),
    ),
    "stale-version": lambda w: (
        w.gettext("This booking has changed meanwhile"),
        w.gettext("Please look at it as it stands now, and try again."),
    ),
    "too-many-requests": lambda w: (
        w.gettext("A little slower, please"),
        w.gettext("There were many requests in a short time. Please try again in a few minutes."),
    ),
    "other-site": lambda w: (
        w.gettext("This form came from another site"),
        w.gettext("To be safe we did nothing. Open the page here and try again."),
    ),
    "sign-in-first": lambda w: (
        w.gettext("Please sign in"),
        w.gettext("This page is yours alone. We send you a code by mail; there is no password."),
    ),
    "bad-token": lambda w: (
        w.gettext("This link does not open anything"),
        w.gettext("It may be incomplete. Use the link in your newest mail, or sign in."),
    ),
    "not-found": lambda w: (
        w.gettext("There is nothing here"),
        w.gettext("The address may be mistyped. The way back to the beginning is below."),
    ),
    "malformed-request": lambda w: (
        w.gettext("We could not read that"),
        w.gettext("Please go back and try again."),
    ),
}
"""By code; what is not listed speaks for itself, in English."""

_FIELDS: dict[str, Callable[[NullTranslations], str]] = {
    "postal": lambda w: w.gettext("Please give a Canadian postal code such as M5V 2T6."),
    "email": lambda w: w.gettext("Please give an e-mail address such as name@example.org."),
    "phone": lambda w: w.gettext("Please give a phone number such as +1 416 555 0123."),
    "name": lambda w: w.gettext("Please tell us your name."),
    "street": lambda w: w.gettext("Please tell us the street and number."),
    "code": lambda w: w.gettext("Please give the six digits from the mail."),
    "from": lambda w: w.gettext("Please choose a day from today on."),
    "to": lambda w: w.gettext("Please choose a day after the first one, at most 59 days later."),
}

_IN_OWN_WORDS = frozenset({"from", "to"})
"""Fields whose messages speak to programs."""
