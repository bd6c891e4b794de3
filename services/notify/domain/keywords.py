"""Words that people text back: to stop, to start again, to ask for help; English and French."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

Meaning = Literal["stop", "start", "help"]
Language = Literal["en", "fr"]

_ALWAYS: dict[str, tuple[Meaning, Language]] = {
    "STOP": ("stop", "en"),
    "STOPALL": ("stop", "en"),
    "UNSUBSCRIBE": ("stop", "en"),
    "ARRET": ("stop", "fr"),
    "ARRETER": ("stop", "fr"),
    "ARRETEZ": ("stop", "fr"),
    "DESABONNER": ("stop", "fr"),
    "DESABONNEMENT": ("stop", "fr"),
}
"""A text that begins with one of these means it: "stop please" is a stop."""

_ALONE: dict[str, tuple[Meaning, Language]] = {
    "CANCEL": ("stop", "en"),
    "END": ("stop", "en"),
    "QUIT": ("stop", "en"),
    "FIN": ("stop", "fr"),
    "START": ("start", "en"),
    "UNSTOP": ("start", "en"),
    "DEBUT": ("start", "fr"),
    "COMMENCER": ("start", "fr"),
    "REPRENDRE": ("start", "fr"),
    "HELP": ("help", "en"),
    "INFO": ("help", "en"),
    "AIDE": ("help", "fr"),
}
"""These mean it only by themselves: "start at nine?" is a question to a person."""


@dataclass(frozen=True)
class Keyword:
    """What somebody texted."""

    word: str
    meaning: Meaning
    language: Language


def read(text: str) -> Keyword | None:
    """The keyword in a text; None for anything else."""
    plain = unicodedata.normalize("NFKD", text).upper()
    letters = "".join(
        character if character.isalpha() else " "
        for character in plain
        if not unicodedata.combining(character)
    )
    words = letters.split()
    if not words:
        return None
    known = _ALWAYS | _ALONE if len(words) == 1 else _ALWAYS
    found = known.get(words[0])
    return None if found is None else Keyword(words[0], *found)
