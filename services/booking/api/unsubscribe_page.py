"""The small page behind an unsubscribe link: no name, no script, nothing from elsewhere."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape

from services.booking.domain.consents import Kind
from services.booking.domain.people import Language

STYLE = (
    "body{margin:0;background:#f6f4ef;color:#22302b;font:18px/1.5 system-ui,sans-serif}"
    "main{max-width:32rem;margin:0 auto;padding:3rem 1.25rem}"
    "h1{font-size:1.5rem;line-height:1.25}"
    "button{font:inherit;color:#fff;background:#1f5c4a;border:0;border-radius:.5rem;"
    "padding:.75rem 1.25rem}"
    "button:focus-visible,a:focus-visible{outline:3px solid #b4530f;outline-offset:2px}"
    "a{color:#1f5c4a}footer{margin-top:2.5rem;font-size:.9rem}"
)

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    # The address is a token: it goes to nobody else, and no cache keeps what it shows.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What RFC 8058 has a mail program send; the page's own form sends it as well."""

FROM_PAGE = ("from", "page")
"""What the page's own form sends beside it."""


@dataclass(frozen=True)
class _Words:
    title: str
    ask: str
    stays: str
    button: str
    done: str
    done_title: str
    again: str
    gone_title: str
    gone: str
    other: str
    kinds: dict[Kind, str]


_STAYS_EN = (
    "Confirmations, changes and cancellations of your sessions, sign-in codes and what concerns"
    " your safety will still come."
)
_STAYS_FR = (
    "Les confirmations, les changements et les annulations de vos séances, les codes de connexion"
    " et ce qui concerne votre sécurité vous parviendront toujours."
)

WORDS: dict[Language, _Words] = {
    "en": _Words(
        title="Stop these messages?",
        ask="You will no longer receive {kind}.",
        stays=_STAYS_EN,
        button="Stop these messages",
        done_title="Done",
        done="You will no longer receive {kind}.",
        again="You can switch them on again in your settings at any time.",
        gone_title="This link does not work",
        gone=(
            "It may have been cut off on its way. Please open it from the message again, or change"
            " what you receive in your settings."
        ),
        other="Français",
        kinds={
            ("service", "email"): "e-mails about your training: reminders, check-ins and"
            " encouragement",
            ("service", "sms"): "text messages about your training",
            ("service", "push"): "notifications about your training",
            ("marketing", "email"): "e-mails with news and offers",
            ("marketing", "sms"): "text messages with news and offers",
            ("marketing", "push"): "notifications with news and offers",
        },
    ),
    "fr": _Words(
        title="Arrêter ces messages ?",
        ask="Vous ne recevrez plus {kind}.",
        stays=_STAYS_FR,
        button="Arrêter ces messages",
        done_title="Terminé",
        done="Vous ne recevrez plus {kind}.",
        again="Vous pouvez les réactiver à tout moment dans vos paramètres.",
        gone_title="Ce lien ne fonctionne pas",
        gone=(
            "Il a peut-être été coupé en route. Veuillez le suivre de nouveau depuis le message, ou"
            " changer ce que vous recevez dans vos paramètres."
        ),
        other="English",
        kinds={
            ("service", "email"): "les courriels sur votre entraînement : rappels, bilans et"
            " encouragements",
            ("service", "sms"): "les messages texte sur votre entraînement",
            ("service", "push"): "les notifications sur votre entraînement",
            ("marketing", "email"): "les courriels de nouvelles et de promotions",
            ("marketing", "sms"): "les messages texte de nouvelles et de promotions",
            ("marketing", "push"): "les notifications de nouvelles et de promotions",
        },
    ),
}


def asking(kind: Kind, language: Language) -> str:
    """What will stop, and the button that stops it."""
    words = WORDS[language]
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{value}">'
        for name, value in (ONE_CLICK, FROM_PAGE)
    )
    # The form goes to the page's own address, which holds the token.
    form = f'<form method="post">{hidden}<button>{escape(words.button)}</button></form>'
    said = [words.ask.format(kind=words.kinds[kind]), words.stays]
    return _page(language, words.title, said, form, switch=True)


def done(kind: Kind, language: Language) -> str:
    """What has stopped."""
    words = WORDS[language]
    said = [words.done.format(kind=words.kinds[kind]), words.stays, words.again]
    return _page(language, words.done_title, said)


def unknown(language: Language) -> str:
    """For a link that is none of ours; calm, and without a word of whose it may have been."""
    words = WORDS[language]
    return _page(language, words.gone_title, [words.gone])


def _page(
    language: Language, title: str, said: list[str], form: str = "", *, switch: bool = False
) -> str:
    other: Language = "fr" if language == "en" else "en"
    link = f'<a href="?lang={other}" lang="{other}">{escape(WORDS[language].other)}</a>'
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Limber</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>"
        + "".join(f"<p>{escape(one)}</p>" for one in said)
        + form
        + f"<footer>Limber{' · ' + link if switch else ''}</footer></main></body></html>"
    )
