"""The `limber` command without a stack: messages instead of tracebacks, the environment first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack import NoStack, find_stack


def limber(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "LIMBER" not in name}
    return subprocess.run(
        (sys.executable, "-m", "deploy.cli", *arguments),
        env={**environment, "LIMBER_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [("ps",), ("env",), ("inbox",), ("events", "booking.events")])
def test_without_a_stack_a_command_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = limber(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"limber: no stack is running in {tmp_path}" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (("up", "--replicas", "web=2"), {}, "no service is called 'web'"),
        (("up",), {"LIMBER_PORT": "http"}, "LIMBER_PORT must be a port number"),
        (("up",), {"LIMBER_PORT": "70000"}, "LIMBER_PORT must be a port number"),
        (("up",), {"LIMBER_HOME": "/dev/null/home"}, "cannot keep state in /dev/null/home"),
        (("clock", "advance", "26h"), {}, "set LIMBER_TEST_CLOCK=1"),
        (("clock", "advance", "soon"), {"LIMBER_TEST_CLOCK": "1"}, "'soon' is no duration"),
        (("inbox",), {"LIMBER_MAIL_URL": "http://127.0.0.1:1"}, "does not answer"),
        (
            ("events", "booking.events"),
            {"LIMBER_KAFKA_BOOTSTRAP": "127.0.0.1:1"},
            "Kafka at 127.0.0.1:1",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_on_stderr(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    done = limber(tmp_path, *arguments, **variables)

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_environment_tells_where_the_stack_is(tmp_path: Path) -> None:
    done = limber(
        tmp_path,
        "env",
        LIMBER_BASE_URL="http://booking:8000/",
        LIMBER_KAFKA_BOOTSTRAP="kafka:9092",
        LIMBER_DATABASE_URL="postgresql://postgres:x@postgres/limber",
        LIMBER_MAIL_URL="http://mail:8025",
    )

    assert done.stdout.splitlines() == [
        "BASE_URL=http://booking:8000",
        "KAFKA_BOOTSTRAP=kafka:9092",
        "DATABASE_URL=postgresql://postgres:x@postgres/limber",
        "MAIL_URL=http://mail:8025",
    ]


def test_one_known_address_is_enough_for_a_command_that_needs_no_other(tmp_path: Path) -> None:
    stack = find_stack({"LIMBER_HOME": str(tmp_path), "LIMBER_DATABASE_URL": "postgresql://x/y"})

    assert stack.database_url == "postgresql://x/y"
    with pytest.raises(NoStack, match="LIMBER_MAIL_URL is not set"):
        _ = stack.mail_url


def test_a_stack_file_of_a_dead_supervisor_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"pid": 1}')

    assert limber(tmp_path, "ps").returncode == 1


def test_show_prints_one_instant(tmp_path: Path) -> None:
    done = limber(tmp_path, "clock", "show", LIMBER_TEST_CLOCK="1")

    (line,) = done.stdout.splitlines()
    assert line.endswith("Z")
    assert len(line) == len("2026-01-01T00:00:00Z")
