"""A message as a text to a telephone or a push note: no name, nothing about health, one link."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from services.notify.domain.delivery import Delivery
from services.notify.writing.catalogue import marked
from services.notify.writing.company import Company
from services.notify.writing.messages import Message, Messages, WritingError

T = TypeVar("T")

MOST_SEGMENTS = 2
"""What a text may cost; most companies charge each part."""

GSM_ALONE, GSM_PART = 160, 153
UCS2_ALONE, UCS2_PART = 70, 67
"""Characters of a text by itself and of a part of a longer one, in the telephones' own alphabet
(GSM 03.38) and in the one for all others."""

ADDRESS_LENGTH = 80
"""Characters of the public address and of the company's name together: with more of them a text
no longer fits into two parts."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
_LIKE = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0xAB: '"', 0xBB: '"', 0x2026: "..."}
"""Quotation marks and dots that the alphabet has in another shape."""


@dataclass(frozen=True)
class PushWords:
    """What a push note says; a newer note with the same `tag` replaces it."""

    title: str
    body: str
    url: str
    tag: str


class ShortWriter:
    """Writes texts and push notes. Templates are read when it is made."""

    def __init__(self, *, public_url: str, company: Company) -> None:
        """Say where the pages are and who writes.

        Raises:
            ValueError: the address and the name are too long for a text.
        """
        if len(public_url) + len(company.name) > ADDRESS_LENGTH:
            raise ValueError("the public address and the company's name are too long for texts")
        self._messages = Messages(public_url)
        self._company = company

    def sms(self, delivery: Delivery) -> str | None:
        """The text of a delivery, at most two parts; None when its template has none.

        Raises:
            WritingError: something it needs is missing.
        """
        return self._written(delivery, "sms", self._text)

    def push(self, delivery: Delivery) -> PushWords | None:
        """The push note of a delivery; None when its template has none.

        Raises:
            WritingError: something it needs is missing.
        """
        return self._written(delivery, "push_title", _note)

    def _text(self, message: Message) -> str:
        text = f"{self._company.name}: {message.line('sms')}"
        if message.occasion.person.role == "client":
            stop = marked("Reply STOP to end these texts.")
            text += f" {message.occasion.words.say(stop)}"
        return plain(text)

    def _written(self, delivery: Delivery, block: str, write: Callable[[Message], T]) -> T | None:
        try:
            if not self._messages.has(delivery.template, block):
                return None
            return write(self._messages.about(delivery))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it cannot be written
            # Only the kind: the text of a fault may quote a name or an address.
            raise WritingError(type(fault).__name__) from None


def _note(message: Message) -> PushWords:
    delivery = message.occasion.delivery
    return PushWords(
        title=message.line("push_title"),
        body=message.line("push_body"),
        url=message.page,
        tag=f"{delivery.template}.{delivery.subject_id}",
    )


def plain(text: str) -> str:
    """A text in the telephones' own alphabet where that loses no more than an accent."""
    return "".join(map(_near, text.translate(_LIKE)))


def segments(text: str) -> int:
    """How many parts a text is sent in."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        length = len(text) + sum(letter in _GSM_TWICE for letter in text)
        alone, part = GSM_ALONE, GSM_PART
    else:
        length = len(text.encode("utf-16-le")) // 2
        alone, part = UCS2_ALONE, UCS2_PART
    return 1 if length <= alone else -(-length // part)


def _near(letter: str) -> str:
    if letter in _GSM or letter in _GSM_TWICE:
        return letter
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base in _GSM else letter
