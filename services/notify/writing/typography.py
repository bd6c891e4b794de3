"""Spaces that may not break, for text that a program lays out."""

import re

_HOUR = re.compile(r"(?<=\d) h (?=\d)")


def unbroken(text: str) -> str:
    """The text with French colons and hours kept together; other text comes back as it is."""
    return _HOUR.sub("\u00a0h\u00a0", text).replace(" :", "\u00a0:")
