"""What the documents point to is there: pages, pictures and tests."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED_TEST = re.compile(r"\b(test_[\w*]+\.py)\b")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_points_to_what_is_there(document: Path) -> None:
    assert [] == list(_dangling(document))


def _dangling(document: Path) -> Iterator[str]:
    text = document.read_text()
    for link in LINK.findall(text):
        if "://" not in link and not (document.parent / link).exists():
            yield link
    for name in NAMED_TEST.findall(text):
        if not any(fnmatch(test, name) for test in TESTS):
            yield name
