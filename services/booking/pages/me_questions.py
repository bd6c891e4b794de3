"""The items of the questionnaires that clients answer by themselves.

The wording is the instruments' own; the French follows the published versions as far as they are
free to use. Instruments that a trainer goes through at an assessment are not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.booking.pages.language import Tongue
from shared.instruments.table import instrument

Choice = tuple[int, str]


@dataclass(frozen=True)
class Item:
    """One question with its answers; without `choices` it is a number from 0 to 10."""

    text: str
    low: str = ""
    high: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Questionnaire:
    """An instrument as it is asked."""

    title: str
    lead: str
    items: tuple[Item, ...]
    source: str


def questionnaire(name: str, words: Tongue, *, rated: Sequence[int]) -> Questionnaire | None:
    """An instrument; None where clients are not asked it by themselves.

    `rated` are the first ratings of the client's activities: PSFS asks for each of them anew.
    """
    title = words.label("instruments", name)
    match name:
        case "peg":
            return Questionnaire(title, *_peg(words), source=instrument(name).source)
        case "pgic":
            return Questionnaire(title, *_pgic(words), source=instrument(name).source)
        case "paces-s":
            return Questionnaire(title, *_paces(words), source=instrument(name).source)
        case "phq-2":
            return Questionnaire(title, *_phq(words), source=instrument(name).source)
        case "psfs" if rated:
            return Questionnaire(title, *_psfs(words, rated), source=instrument(name).source)
        case _:
            return None


def _peg(words: Tongue) -> tuple[str, tuple[Item, ...]]:
    _ = words.translations.gettext
    not_at_all, entirely = _("does not interfere"), _("completely interferes")
    return _("In the past week"), (
        Item(
            _("What number best describes your pain on average in the past week?"),
            _("no pain"),
            _("pain as bad as you can imagine"),
        ),
        Item(
            _(
                "What number best describes how, during the past week, pain has interfered with"
                " your enjoyment of life?"
            ),
            not_at_all,
            entirely,
        ),
        Item(
            _(
                "What number best describes how, during the past week, pain has interfered with"
                " your general activity?"
            ),
            not_at_all,
            entirely,
        ),
    )


def _pgic(words: Tongue) -> tuple[str, tuple[Item, ...]]:
    _ = words.translations.gettext
    steps = (
        _("Very much improved"),
        _("Much improved"),
        _("Minimally improved"),
        _("No change"),
        _("Minimally worse"),
        _("Much worse"),
        _("Very much worse"),
    )
    return _("Since the start"), (
        Item(
            _("Since the start with us, my overall status is:"),
            choices=tuple(enumerate(steps, start=1)),
        ),
    )


def _paces(words: Tongue) -> tuple[str, tuple[Item, ...]]:
    _ = words.translations.gettext
    steps = (
        _("strongly disagree"),
        _("disagree"),
        _("neither"),
        _("agree"),
        _("strongly agree"),
    )
    choices = tuple(enumerate(steps, start=1))
    texts = (
        _("I enjoy it."),
        _("I find it pleasurable."),
        _("It is very pleasant."),
        _("It feels good."),
    )
    return _("When I am physically active …"), tuple(Item(text, choices=choices) for text in texts)


def _phq(words: Tongue) -> tuple[str, tuple[Item, ...]]:
    _ = words.translations.gettext
    steps = (
        _("Not at all"),
        _("Several days"),
        _("More than half the days"),
        _("Nearly every day"),
    )
    choices = tuple(enumerate(steps))
    texts = (
        _("Little interest or pleasure in doing things"),
        _("Feeling down, depressed, or hopeless"),
    )
    lead = _("Over the last 2 weeks, how often have you been bothered by the following problems?")
    return lead, tuple(Item(text, choices=choices) for text in texts)


def _psfs(words: Tongue, rated: Sequence[int]) -> tuple[str, tuple[Item, ...]]:
    _ = words.translations.gettext
    text = _("Activity %(number)s of those you named (at first: %(first)s)")
    lead = _("Today, how able are you to do the activities that matter to you, in your order?")
    return lead, tuple(
        Item(
            text % {"number": number, "first": first},
            _("unable"),
            _("as well as before"),
        )
        for number, first in enumerate(rated, start=1)
    )
