"""The pages behind an unsubscribe link: no name, no script, nothing from elsewhere."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from services.booking.api.unsubscribe import FROM_PAGE, HEADERS, ONE_CLICK
from services.booking.domain.consents import Kind
from services.booking.domain.people import Language
from services.booking.pages.language import language_of, tongue
from services.booking.pages.shell import Shell


class UnsubscribePages:
    """What somebody reads who follows the link, in the layout of all pages."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def asking(self, request: Request, kind: Kind, language: Language) -> HTMLResponse:
        """What will stop, and the button that stops it."""
        return self._page(request, language, "asking", kind)

    def done(self, request: Request, kind: Kind, language: Language) -> HTMLResponse:
        """What has stopped."""
        return self._page(request, language, "done", kind)

    def unknown(self, request: Request, language: Language | None) -> HTMLResponse:
        """For a link that is none of ours; calm, and without a word of whose it may have been."""
        return self._page(request, language or language_of(request, remembered=False), "unknown")

    def _page(
        self, request: Request, language: Language, state: str, kind: Kind | None = None
    ) -> HTMLResponse:
        return self._shell.page(
            request,
            "unsubscribe.html.j2",
            status=404 if state == "unknown" else 200,
            language=language,
            headers=HEADERS,
            state=state,
            what=_what(kind, language) if kind else "",
            sent=(ONE_CLICK, FROM_PAGE),
        )


def _what(kind: Kind, language: Language) -> str:
    """The messages of a kind, as they stand in a sentence."""
    _ = tongue(language).translations.gettext
    return {
        ("service", "email"): _(
            "e-mails about your training: reminders, check-ins and encouragement"
        ),
        ("service", "sms"): _("text messages about your training"),
        ("service", "push"): _("notifications about your training"),
        ("marketing", "email"): _("e-mails with news and offers"),
        ("marketing", "sms"): _("text messages with news and offers"),
        ("marketing", "push"): _("notifications with news and offers"),
    }[kind]
