"""The messages: one template each in English, what goes into it, and the words of a language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context

from services.notify.domain.delivery import Delivery
from services.notify.writing import care, sessions
from services.notify.writing.catalogue import Language, translations
from services.notify.writing.content import Builder, Content, Occasion
from services.notify.writing.links import Links
from services.notify.writing.words import Words

TEMPLATES = Path(__file__).parent / "templates"
LAYOUTS = frozenset({"layout.html.j2", "layout.txt.j2"})

CONTENT: dict[str, Builder] = {
    "booking-confirmed": sessions.of_session,
    "booking-rescheduled": sessions.of_session,
    "booking-cancelled": sessions.of_session,
    "booking-frozen": sessions.of_session,
    "booking-unfrozen": sessions.of_session,
    "reminder-24h": sessions.of_session,
    "reminder-2h": sessions.of_session,
    "trainer-booked": sessions.of_session,
    "trainer-moved": sessions.of_session,
    "trainer-cancelled": sessions.of_session,
    "trainer-agenda": sessions.of_agenda,
    "waitlist-offer": sessions.of_offer,
    "sign-in-code": care.of_code,
    "safety-alert": care.of_alert,
    "safety-escalation": care.of_alert,
    "trainer-notice": care.of_notice,
    "check-in-before": care.of_check_in_before,
    "check-in-after": care.of_check_in,
    "check-in-morning": care.of_check_in,
    "check-in-morning-again": care.of_check_in,
    "why-it-hurt": care.of_question,
    "milestone": care.of_milestone,
    "plan-ready": care.of_plan,
    "tip": care.of_tip,
    "weekly-summary": care.of_summary,
    "clearance-needed": care.of_clearance_needed,
    "clearance-request": care.of_care_team,
    "care-team-invitation": care.of_care_team,
}
"""What each message has to say, by its template's name."""


class WritingError(Exception):
    """The message cannot be written, now or later."""


@dataclass(frozen=True)
class Message:
    """A message in its recipient's language, ready for any channel."""

    occasion: Occasion
    content: Content
    template: Template
    context: Context

    @property
    def page(self) -> str:
        """The page that a short message leads to."""
        page: str = self.context["page"]
        return page

    def has(self, block: str) -> bool:
        """Whether the template has such a block."""
        return block in self.template.blocks

    def text(self, block: str) -> str:
        """A block of the template without space around it."""
        return "".join(self.template.blocks[block](self.context)).strip()

    def line(self, block: str) -> str:
        """A block as one line."""
        return " ".join(self.text(block).split())

    def paragraphs(self, block: str) -> list[str]:
        """A block's paragraphs, each one line."""
        parts = re.split(r"\n\s*\n", self.text(block))
        return [" ".join(part.split()) for part in parts if part.strip()]


class Messages:
    """All messages in all languages. All is read at once, so a broken one stops the start."""

    def __init__(self, public_url: str) -> None:
        self.links = Links(public_url)
        self._words, self._templates = _all_words()

    def about(self, delivery: Delivery) -> Message:
        """The message of a delivery whose person is known.

        Raises:
            WritingError: something it needs is missing.
        """
        person = delivery.person
        if person is None:
            raise WritingError("nobody to write to")
        occasion = Occasion(delivery, person, self._words[person.language], self.links)
        template = self._templates[delivery.template]
        content = CONTENT[delivery.template](occasion)
        variables = {"language": person.language, "page": occasion.home, **content.variables}
        return Message(occasion, content, template, template.new_context(variables))

    def has(self, template: str, block: str) -> bool:
        """Whether a message has words of that kind."""
        return block in self._templates[template].blocks


@cache
def _all_words() -> tuple[Mapping[Language, Words], Mapping[str, Template]]:
    """What each language says, and each message's template: they never change in a process."""
    known = translations()
    environment = _environment_of(known)
    return (
        {language: Words(language, found) for language, found in known.items()},
        {name: environment.get_template(f"{name}.j2") for name in CONTENT},
    )


def _environment_of(known: dict[Language, Any]) -> Environment:
    """Templates that speak the language of what they are rendered with; nothing is escaped."""
    made: Callable[..., Environment] = Environment
    environment = made(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        autoescape=False,
    )
    environment.policies["ext.i18n.trimmed"] = True

    @pass_context
    def one(context: Context, text: str) -> str:
        found: str = known[context["language"]].gettext(text)
        return found

    @pass_context
    def several(context: Context, single: str, plural: str, count: int) -> str:
        found: str = known[context["language"]].ngettext(single, plural, count)
        return found

    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(one, several, newstyle=True)
    return environment
