"""The shifted clock and the one source of zone rules."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.clock import OffsetClock, clock_for, system_clock
from shared.zones import UnknownZoneError, zone, zone_names


def test_the_clock_follows_the_file_as_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "clock-offset"
    clock = OffsetClock(file)
    seen = [clock.offset()]
    for text in ("93600\n", "120"):
        replacement = tmp_path / "new"
        replacement.write_text(text)
        replacement.replace(file)
        seen.append(clock.offset())
    file.unlink()

    assert [timedelta(0), timedelta(hours=26), timedelta(minutes=2), timedelta(0)] == [
        *seen,
        clock.offset(),
    ]


def test_a_clock_is_shifted_only_when_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "clock-offset"

    assert system_clock is clock_for(False, file)
    assert system_clock is clock_for(True, None)
    assert isinstance(clock_for(True, file), OffsetClock)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "america/toronto", "EST5\0"])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        zone(name)


def test_every_listed_zone_loads() -> None:
    assert sorted(zone_names()) == [zone(name).key for name in sorted(zone_names())]


def test_vancouver_keeps_utc_minus_seven_after_november_2026() -> None:
    january = datetime(2027, 1, 15, 12, tzinfo=UTC).astimezone(zone("America/Vancouver"))

    assert timedelta(hours=-7) == january.utcoffset()
