"""The catalogues: English is written in templates and code, each other language beside it."""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["en", "fr"]

SOURCE: Language = "en"
"""The language of the texts themselves, so it needs no catalogue of its own."""

LOCALES: dict[Language, str] = {"en": "en_CA", "fr": "fr_CA"}

FOLDER = Path(__file__).parent / "catalogues"
SOURCE_FILE = FOLDER / "notify.pot"
"""All messages as they stand in templates and code; `writing.check update` writes it."""


def marked(text: str) -> str:
    """The text itself; the mark lets the catalogues find it where it waits to be translated."""
    return text


def marked_several(one: str, several: str) -> tuple[str, str]:
    """The same for words that depend on a count."""
    return one, several


def catalogue_file(language: Language) -> Path:
    """Where the catalogue of a language is."""
    return FOLDER / language / "LC_MESSAGES" / "notify.po"


def translations() -> dict[Language, NullTranslations]:
    """Each language's catalogue, ready to use; compiled here, so that no made file is kept."""
    return {language: _translations(language) for language in get_args(Language)}


def read_catalogue(path: Path, locale: str | None = None) -> Catalog:
    """A catalogue as it is written; obsolete and fuzzy messages are marked in it."""
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def _translations(language: Language) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(catalogue_file(language), LOCALES[language]))
    compiled.seek(0)
    return GNUTranslations(compiled)
