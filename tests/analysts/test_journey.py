"""From docs/analysts.md to the first answer: its commands are run as they stand there."""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.stack import CHECKOUT, embedded

PAGE = CHECKOUT / "docs" / "analysts.md"

WITHIN_S = 600.0
"""The page promises ten minutes."""

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

LONG = os.environ.get("LIMBER_ANALYSTS")


def commands() -> list[str]:
    """The blocks of the page in order; all of them run in one shell."""
    return [match[1] for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def workplace(at: Path) -> Path:
    """What the page needs of a checkout: the tools, and the kit to run in."""
    (at / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    (at / "examples").mkdir()
    kit = at / "examples" / "analytics"
    kit.mkdir()
    for file in (CHECKOUT / "examples" / "analytics").glob("[!_.]*"):
        (kit / file.name).symlink_to(file)
    return kit


def test_the_page_runs_every_step_it_tells_of() -> None:
    told = "\n".join(commands())

    for step in ("limber simulate", "limber events", "-m load", "-m query", "-m report", "db.sql"):
        assert step in told


@pytest.mark.e2e
@pytest.mark.skipif(not LONG, reason="takes minutes: `make analysts`")
@pytest.mark.timeout(WITHIN_S + 240)
async def test_an_analyst_has_the_first_answer_within_ten_minutes(tmp_path: Path) -> None:
    at = tmp_path / "checkout"
    at.mkdir()
    kit = workplace(at)
    async with embedded(tmp_path / "home") as reach:
        began = time.monotonic()
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-eu",
            "-c",
            "\n".join(commands()),
            cwd=at,
            env=reach.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(shell.communicate(), WITHIN_S)
        finally:
            if shell.returncode is None:
                shell.kill()
        took = time.monotonic() - began
    printed = out.decode()
    sys.stdout.write(f"\nthe analyst's journey took {took:.0f} s\n{printed}")

    assert 0 == shell.returncode, printed
    assert '"ce_type": "' in printed
    assert "first-workout" in printed.partition("How long before a session is it booked?")[2]
    assert re.search(r"^1: booked a first workout +\d+", printed, re.MULTILINE)
    assert "<svg" in (kit / "report.html").read_text(encoding="utf-8")
