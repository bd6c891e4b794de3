"""Checks the catalogues: each says every message, with the same placeholders, and nothing else.

`python -m services.notify.writing.check` is part of `make check`; with `update` it writes what
templates and code say now into the source and beside it in each language, for somebody to
translate.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import get_args

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from services.notify.writing.catalogue import (
    LOCALES,
    SOURCE,
    SOURCE_FILE,
    Language,
    catalogue_file,
    read_catalogue,
)
from services.notify.writing.messages import TEMPLATES

CODE = Path(__file__).parent

KEYWORDS = {"marked": None, "marked_several": (1, 2), "gettext": None, "ngettext": (1, 2)}
"""What the catalogues look for, and which arguments are texts; templates use the last two."""

LINE_WIDTH = 100

COMMENT = "# What Limber writes to people. `python -m services.notify.writing.check` checks it."
TEAM = "Limber"

_HEADERS = re.compile(
    rb'^"(?:POT-Creation|PO-Revision|Generated|Report|Last|Project)[^\n]*\n', re.MULTILINE
)
"""Of the header what changes by itself or says nothing."""

_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def extracted() -> Catalog:
    """All messages of templates and code."""
    found = Catalog(header_comment=COMMENT, charset="utf-8", language_team=TEAM, fuzzy=False)
    options = {"trimmed": "true", "silent": "false"}
    for method, paths, told in (
        ("python", sorted(CODE.glob("*.py")), {}),
        ("jinja2.ext:babel_extract", sorted(TEMPLATES.glob("*.j2")), options),
    ):
        for path in paths:
            with path.open("rb") as file:
                for line, message, _, _ in extract(method, file, KEYWORDS, (), told):
                    found.add(message, locations=[(path.relative_to(CODE).as_posix(), line)])
    return found


def faults(source: Catalog, catalogue: Catalog, language: str) -> list[str]:
    """What is wrong with a catalogue, a line each; nothing when all is well."""
    wanted = {_key(message): message for message in _messages(source)}
    known = {_key(message): message for message in _messages(catalogue)}
    wrong = [f"{language}: {_quoted(key)} is missing" for key in wanted.keys() - known.keys()]
    wrong += [
        f"{language}: {_quoted(key)} is obsolete"
        for key in (known.keys() - wanted.keys()) | set(map(_key, catalogue.obsolete.values()))
    ]
    for key in wanted.keys() & known.keys():
        wrong += [f"{language}: {_quoted(key)} {fault}" for fault in _faults_of(known[key])]
    return sorted(wrong)


def _faults_of(message: Message) -> Iterator[str]:
    texts, told = _texts(message.id), _texts(message.string)
    if message.fuzzy:
        yield "is fuzzy"
    if len(told) != len(texts) or not all(text.strip() for text in told):
        yield "is not translated"
        return
    placeholders = sorted(_PLACEHOLDER.findall(texts[-1]))
    for text in told:
        if sorted(_PLACEHOLDER.findall(text)) != placeholders:
            yield f"has other placeholders than {', '.join(placeholders) or 'none'}"
        if "%" in _PLACEHOLDER.sub("", text).replace("%%", ""):
            yield "has a stray percent sign"


def check() -> list[str]:
    """What is wrong with all catalogues."""
    source = extracted()
    wrong = []
    if not SOURCE_FILE.exists() or SOURCE_FILE.read_bytes() != _written(source):
        wrong.append(f"{SOURCE_FILE.name} is not what templates and code say: run update")
    for language in _translated():
        path = catalogue_file(language)
        if not path.exists():
            wrong.append(f"{language}: there is no catalogue")
            continue
        wrong += faults(source, read_catalogue(path, LOCALES[language]), language)
    return wrong


def update() -> None:
    """Write the source, and into each catalogue what is new, without a translation yet."""
    source = extracted()
    SOURCE_FILE.parent.mkdir(parents=True, exist_ok=True)
    SOURCE_FILE.write_bytes(_written(source))
    for language in _translated():
        path, locale = catalogue_file(language), LOCALES[language]
        known = read_catalogue(path, locale) if path.exists() else Catalog(locale=locale)
        known.header_comment, known.language_team = COMMENT, TEAM
        # Nothing is guessed: a sentence that only resembles another is to be translated.
        known.update(source, no_fuzzy_matching=True)
        known.fuzzy = False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_written(known))


def main(asked: list[str]) -> int:
    """Check, or update when asked to; 1 when something is wrong."""
    if asked == ["update"]:
        update()
    wrong = check()
    for line in wrong:
        print(line, file=sys.stderr)  # noqa: T201 - what a check is for
    return 1 if wrong else 0


def _translated() -> list[Language]:
    return [language for language in get_args(Language) if language != SOURCE]


def _written(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_po(
        file,
        catalogue,
        width=LINE_WIDTH,
        omit_header=False,
        sort_by_file=True,
        include_lineno=False,
    )
    return _HEADERS.sub(b"", file.getvalue())


def _messages(catalogue: Catalog) -> Iterable[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> str:
    return _texts(message.id)[0]


def _texts(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= 60 else f'"{text[:59]}…"'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
