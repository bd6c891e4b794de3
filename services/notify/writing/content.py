"""What a message has to say: its words' variables, its facts and its links."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.notify.domain.delivery import Delivery, Person
from services.notify.domain.windows import zone_or_company
from services.notify.writing.links import Links
from services.notify.writing.words import Words

NAME_LENGTH = 80
"""Characters of a name that are shown; a longer one would be most of the message."""

LINE_LENGTH = 300
"""Characters of an address or another line that somebody wrote."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Marks that turn the direction of what follows: a name must not turn the rest of a line around.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Fact(NamedTuple):
    """A line of the table of facts; the value may lead somewhere."""

    label: str
    value: str
    url: str | None = None


class Action(NamedTuple):
    """A link that does something; the first of a message is its button."""

    label: str
    url: str


@dataclass(frozen=True)
class Content:
    """What goes into the words and the layout."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Occasion:
    """A message about to be written, its recipient, their words and the pages."""

    delivery: Delivery
    person: Person
    words: Words
    links: Links

    @property
    def detail(self) -> Mapping[str, Any]:
        """What the message speaks of."""
        return self.delivery.detail

    @property
    def rules(self) -> ZoneInfo:
        """The recipient's zone."""
        return zone_or_company(self.person.tz)

    @property
    def home(self) -> str:
        """The recipient's signed-in page."""
        return self.links.home(self.person.role)

    @property
    def gathered(self) -> Mapping[str, Any]:
        """What was read for a digest just now.

        Raises:
            ValueError: nothing was.
        """
        if self.delivery.gathered is None:
            raise ValueError("nothing was gathered")
        return self.delivery.gathered

    def instant(self, name: str) -> datetime:
        """An instant of the detail."""
        return datetime.fromisoformat(self.detail[name])

    def other(self, otherwise: str) -> str:
        """The name of the person that the message is about, or marked words for somebody."""
        return a_name(self.delivery.other_name) or self.words.say(otherwise)


Builder = Callable[[Occasion], Content]


def a_name(text: str | None) -> str:
    """A person's name, fit to be shown."""
    return one_line(text or "", NAME_LENGTH)


def one_line(text: str, longest: int = LINE_LENGTH) -> str:
    """Without line ends, control characters, turning marks and quotation marks, and not too long.

    Headers take quotation marks amiss.
    """
    clean = _TURNING.sub("", _CONTROL.sub(" ", text)).replace('"', "'").replace("\\", "")
    clean = " ".join(clean.split())
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + "…"
