"""Catalogues of translated texts: English stands in templates and code, French in a .po file.

`python -m shared.catalogues check FOLDER` fails when a text has no translation, or one is left
over; `update FOLDER` adds what is missing, with empty translations to be filled in.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

METHODS = [("**.j2", "jinja2.ext:babel_extract"), ("**.py", "python")]
"""Which files hold texts, and how they are found in them."""

OPTIONS = {"**.j2": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}

_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True)
class Texts:
    """The texts of one folder, its French beside them."""

    folder: Path

    @property
    def french(self) -> Path:
        """Where the translations are."""
        return self.folder / "catalogues" / "fr.po"

    def translations(self) -> NullTranslations:
        """The French, compiled here, so that no made file is kept.

        Raises:
            OSError: the catalogue is not there.
        """
        compiled = BytesIO()
        write_mo(compiled, self.read())
        compiled.seek(0)
        return GNUTranslations(compiled)

    def read(self) -> Catalog:
        """The catalogue as it is written."""
        return read_po(BytesIO(self.french.read_bytes()), locale="fr_CA")

    def found(self) -> Catalog:
        """All texts as they stand in templates and code."""
        catalogue = Catalog()
        for file, line, text, comments, context in extract_from_dir(
            self.folder, METHODS, OPTIONS, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
        ):
            catalogue.add(text, None, [(file, line)], auto_comments=comments, context=context)
        return catalogue

    def update(self) -> None:
        """Add what is missing to the catalogue, and take out what no text asks for."""
        catalogue = self.read()
        catalogue.update(self.found(), no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        written = BytesIO()
        write_po(written, catalogue, width=100, omit_header=False, no_location=True)
        self.french.write_bytes(written.getvalue())

    def faults(self) -> list[str]:
        """What keeps the French from being whole, each with its text."""
        catalogue, found = self.read(), self.found()
        wanted = {_key(message): message for message in found if message.id}
        known = {_key(message): message for message in catalogue if message.id}
        faults = [f"left over: {text}" for text in known.keys() - wanted.keys()]
        for text in wanted:
            message = known.get(text)
            if message is None:
                faults.append(f"no French: {text}")
            elif message.fuzzy:
                faults.append(f"not sure: {text}")
            else:
                faults += [f"{wrong}: {text}" for wrong in _wrong(message)]
        return sorted(faults)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _wrong(message: Message) -> list[str]:
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    texts = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    if not all(texts):
        return ["empty French"]
    wanted = set(_PLACEHOLDER.findall(sources[-1]))
    if any(set(_PLACEHOLDER.findall(text)) - wanted for text in texts):
        return ["unknown placeholder"]
    if set(_PLACEHOLDER.findall(texts[-1])) != wanted:
        return ["placeholder missing"]
    return []


def main() -> None:
    """Read the command line: check or update, and a folder."""
    parser = argparse.ArgumentParser(prog="python -m shared.catalogues", description=__doc__)
    parser.add_argument("what", choices=["check", "update"])
    parser.add_argument("folder", type=Path)
    wanted = parser.parse_args()
    texts = Texts(wanted.folder)
    if wanted.what == "update":
        texts.update()
        return
    faults = texts.faults()
    sys.stdout.write("".join(f"{texts.french}: {fault}\n" for fault in faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
