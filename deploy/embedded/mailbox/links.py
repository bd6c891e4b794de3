"""Plain text as HTML in which addresses of pages can be clicked."""

import re
from html import escape

# Trailing punctuation belongs to the sentence, not to the address.
ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")


def with_links(text: str) -> str:
    """Escape the text and turn http and https addresses into links."""
    parts, end = [], 0
    for match in ADDRESS.finditer(text):
        address = escape(match.group())
        parts.append(escape(text[end : match.start()]))
        parts.append(f'<a href="{address}" target="_blank" rel="noopener">{address}</a>')
        end = match.end()
    return "".join((*parts, escape(text[end:])))
