"""A message as it would read now, in all the shapes its template has words for."""

from dataclasses import dataclass

from services.notify.domain.delivery import Delivery
from services.notify.writing.mail import LetterWriter
from services.notify.writing.short import ShortWriter


@dataclass(frozen=True)
class Preview:
    """What staff read; None where there are no words of that shape."""

    subject: str
    text: str
    html: str
    sms: str | None
    push: dict[str, str] | None


class Previews:
    """Reads messages as their writers write them."""

    def __init__(self, letters: LetterWriter, short: ShortWriter) -> None:
        self._letters = letters
        self._short = short

    def of(self, delivery: Delivery) -> Preview:
        """A message whose person is known.

        Raises:
            WritingError: it cannot be written.
        """
        mail, note = self._letters.words(delivery), self._short.push(delivery)
        return Preview(
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            sms=self._short.sms(delivery),
            push=None if note is None else dict(vars(note)),
        )
