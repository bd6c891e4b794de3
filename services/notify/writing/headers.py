"""Mail headers: encoded, folded, and never more than what they were meant to be."""

import re
from base64 import b64encode

LINE_LENGTH = 76
"""A line with encoded words may not be longer (RFC 2047, 2)."""

_WORD_FRAME = len("=?utf-8?b??=")

_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f<>(),:;@\"\\\[\]]+@[^\s\x00-\x20\x7f<>(),:;@\"\\\[\]]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class AddressError(ValueError):
    """It is not a mail address; the text never quotes it."""


def header(name: str, value: str) -> str:
    """A header of free text, with its line end; the first word stays on the first line."""
    return _header(name, _words(value, len(name) + 2))


def mailbox_header(name: str, display: str, address: str) -> str:
    """A header that names one mailbox.

    Raises:
        AddressError: the address is none.
    """
    if not _ADDRESS.fullmatch(address):
        raise AddressError("not a mail address")
    if not display:
        return _header(name, [f"<{address}>"])
    if not display.isascii() or "=?" in display:
        words = _encoded(display, len(name) + 2)
    elif _ATOMS.fullmatch(display):
        words = display.split()
    else:
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        words = f'"{quoted}"'.split(" ")
    return _header(name, [*words, f"<{address}>"])


def _header(name: str, words: list[str]) -> str:
    lines, line = [], f"{name}:"
    for place, word in enumerate(words):
        # A program may show the fold after the colon as a space before the first word.
        if place and len(line) + 1 + len(word) > LINE_LENGTH:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line]) + "\r\n"


def _words(value: str, taken: int) -> list[str]:
    if value.isascii() and "=?" not in value:
        return value.split(" ")
    return _encoded(value, taken)


def _encoded(value: str, taken: int) -> list[str]:
    """Encoded words (RFC 2047) in UTF-8, cut between characters; the first has less room."""
    words, part, room = [], b"", LINE_LENGTH - taken
    for character in value:
        coded = character.encode()
        if part and _WORD_FRAME + 4 * -(-len(part + coded) // 3) > room:
            words.append(_word(part))
            part, room = b"", LINE_LENGTH - 1
        part += coded
    words.append(_word(part))
    return words


def _word(part: bytes) -> str:
    return f"=?utf-8?b?{b64encode(part).decode()}?="
