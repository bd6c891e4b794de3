"""`limber clock`: durations, the offset file, the refusals."""

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.commands import clock
from deploy.commands.failure import Failure
from shared.clock import OffsetClock


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("26h", timedelta(hours=26)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("7d", timedelta(days=7)),
        ("1d2h", timedelta(days=1, hours=2)),
        ("1h1h", timedelta(hours=2)),
    ],
)
def test_a_duration_is_read_in_days_hours_minutes_and_seconds(
    text: str, expected: timedelta
) -> None:
    assert expected == clock.duration(text)


@pytest.mark.parametrize("text", ["", "26", "h", "-1h", "1.5h", "1 h", "1w", "2H", "٣h", "1h x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="is no duration"):
        clock.duration(text)


def test_a_duration_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(Failure, match="at most 3650 days"):
        clock.duration("999999999d999999999d")


def test_the_services_follow_what_the_command_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMBER_TEST_CLOCK", "1")
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))
    monkeypatch.delenv("LIMBER_CLOCK_FILE", raising=False)

    clock.advance("1d")
    clock.advance("2h")

    assert timedelta(hours=26) == OffsetClock(tmp_path / "clock-offset").offset()


def test_the_clock_moves_in_the_named_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shared-offset"
    monkeypatch.setenv("LIMBER_TEST_CLOCK", "1")
    monkeypatch.setenv("LIMBER_CLOCK_FILE", str(file))

    clock.advance("90m")

    assert timedelta(minutes=90) == clock.read_offset(file)


def test_without_the_test_clock_nothing_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIMBER_TEST_CLOCK", raising=False)
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))

    with pytest.raises(Failure, match="LIMBER_TEST_CLOCK=1"):
        clock.advance("1h")
    with pytest.raises(Failure, match="LIMBER_TEST_CLOCK=1"):
        clock.show()

    assert list(tmp_path.iterdir()) == []


def test_the_clock_stops_at_ten_years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMBER_TEST_CLOCK", "1")
    monkeypatch.setenv("LIMBER_HOME", str(tmp_path))
    clock.advance("3650d")

    with pytest.raises(Failure, match="at most 3650 days"):
        clock.advance("1s")

    assert timedelta(days=3650) == clock.read_offset(tmp_path / "clock-offset")
