"""Why a report was refused, in the language of the page.

Progress says it in English with codes in it; here codes become words. What is not known here is
shown as it came.
"""

import re
from collections.abc import Callable, Mapping

from services.booking.pages.desk_words import option_name
from services.booking.pages.language import Tongue
from services.booking.pages.me_rules import sentence


def _(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


PLAIN = frozenset(
    {
        _("An option is there twice."),
        _("There is no such plan."),
        _("No such hold stands: it is unknown, or was lifted before."),
        _("No such clearance is asked for: it is unknown, or health has changed since."),
        _("The last day of this decision has passed already."),
        _("This clearance is not asked for any more."),
        _("A later decision on this clearance is known already."),
        _("Say what is limited: the effort at most, or what to avoid."),
        _("What to avoid is named by an option, a family, a region or a position."),
        _("There is a newer set by now."),
        _("The set does not hold that option."),
        _("The set holds that option already."),
        _("The catalogue has no such option."),
        _("It waits until a trainer unlocks it."),
        _("A joint is spared: low load only."),
        _("Vigorous effort needs a clearance."),
        _("Its impact is too high."),
        _("Calm options alone until the gate opens."),
        _("Calm options alone today."),
        _("Calm and mobility alone today."),
        _("count repetitions or minutes, not both."),
    }
)
"""Sentences without a code or figure."""


def _label(group: str) -> Callable[[str, Tongue], str]:
    return lambda code, words: words.label(group, code)


_HEALTH: Mapping[str, Callable[[str, Tongue], str]] = {
    "flag": _label("red_flags"),
    "condition": _label("conditions"),
    "answer": _label("health"),
}

_AVOIDED = ("regions", "families", "positions")


def _avoided(code: str, words: Tongue) -> str:
    """A clearance names an option, a family, a region or a position."""
    for group in _AVOIDED:
        label = words.label(group, code)
        if label != code:
            return label
    return option_name(code, words)


PATTERNS: tuple[tuple[str, str], ...] = (
    (r"Not with the reported sign (?P<flag>[\w-]+)\.", _("Not with the reported sign: %(flag)s.")),
    (
        r"Not with the condition (?P<condition>[\w-]+)\.",
        _("Not with this condition: %(condition)s."),
    ),
    (
        r"Not with the screening's answer (?P<answer>[\w-]+)\.",
        _("Not with this answer about health: %(answer)s."),
    ),
    (
        r"The clearance says to avoid (?P<avoid>[\w-]+)\.",
        _("A clinician asked to avoid: %(avoid)s."),
    ),
    (
        r"Effort (?P<effort>\d+) is above what is cleared\.",
        _("The effort (%(effort)s) is above what a clinician allows."),
    ),
    (
        r"A plan holds 1 to (?P<most>\S+) options, not (?P<count>\d+)\.",
        _("A plan holds 1 to %(most)s options, not %(count)s."),
    ),
    (
        r"Option (?P<place>\d+) is not in the catalogue\.",
        _("Option %(place)s is not in the catalogue."),
    ),
    (r"per_week has to be (?P<limits>.+)\.", _("Times a week: %(limits)s.")),
    (r"sets has to be (?P<limits>.+)\.", _("Sets: %(limits)s.")),
    (r"repetitions has to be (?P<limits>.+)\.", _("Repetitions: %(limits)s.")),
    (r"minutes has to be (?P<limits>.+)\.", _("Minutes: %(limits)s.")),
    (
        r"A clearance counts for (?P<months>\d+) months at most\.",
        _("A clearance counts for %(months)s months at most."),
    ),
    (
        r"Measurement (?P<place>\d+): degrees have to be (?P<limits>.+)\.",
        _("Measurement %(place)s: the degrees have to be %(limits)s."),
    ),
    (
        r"The chair stand has to be (?P<limits>.+)\.",
        _("Stands from a chair have to be %(limits)s."),
    ),
)
"""Sentences with codes or figures in them, and how a page says them."""

_COMPILED = tuple((re.compile(pattern), text) for pattern, text in PATTERNS)

_OPTION_FIRST = re.compile(r"(?P<option>[a-z0-9-]+): (?P<rest>.+)")


def why_refused(text: str, words: Tongue) -> str:
    """The reason of a refused report as the page says it."""
    if (named := _OPTION_FIRST.fullmatch(text)) is not None:
        name = option_name(named["option"], words)
        return f"{name}: {why_refused(named['rest'], words)}"
    if text in PLAIN:
        return words.translations.gettext(text)
    for pattern, said in _COMPILED:
        if (found := pattern.fullmatch(text)) is not None:
            return words.translations.gettext(said) % _worded(found.groupdict(), words)
    return sentence(text, words)


def _worded(found: Mapping[str, str], words: Tongue) -> dict[str, str]:
    return {name: _word(name, value, words) for name, value in found.items()}


def _word(name: str, value: str, words: Tongue) -> str:
    if name == "avoid":
        return _avoided(value, words)
    if name == "limits":
        return value.replace(" to ", " \N{EN DASH} ")
    return _HEALTH[name](value, words) if name in _HEALTH else value
