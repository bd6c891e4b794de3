"""The AsyncAPI document as one page for people: no script, nothing loaded from elsewhere."""

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from shared.contracts import asyncapi
from shared.contracts.catalogue import PARTITIONS, TOPICS
from shared.contracts.dictionary import entries, retention

_MARKED = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


@lru_cache(maxsize=1)
def render() -> str:
    """The page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(words=words, retention=retention)
    document = asyncapi.document()
    return environment.from_string(_file("page.html.j2")).render(
        document=document,
        headers=document["components"]["schemas"]["headers"],
        topics=TOPICS,
        partitions=PARTITIONS,
        entries=entries(),
        style=Markup(_file("page.css")),  # noqa: S704 - a file of ours
    )


def words(text: str) -> Markup:
    """Text with `code` and **bold** as HTML; all else is escaped."""
    told = _MARKED.sub(_tagged, str(escape(text)))
    return Markup(told)  # noqa: S704 - escaped above


def _tagged(found: re.Match[str]) -> str:
    code, bold = found.groups()
    return f"<code>{code}</code>" if code else f"<strong>{bold}</strong>"


def _file(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


_STYLE = b64encode(hashlib.sha256(_file("page.css").encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""The page's one style sheet and nothing else."""
