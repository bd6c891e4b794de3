"""The injectable clock: real time, or real time plus an offset that all services share in tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def rfc3339(at: datetime) -> str:
    """An instant as every answer, event and log line writes it: RFC 3339 in UTC, ending in Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class OffsetClock:
    """Real time plus the seconds written in a file, read again whenever the file changes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        """Now plus the offset, in UTC."""
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """How far this clock is ahead; zero while the file does not exist."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return timedelta(0)
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            self._offset = timedelta(seconds=float(self._file.read_text() or 0))
            self._seen = seen
        return self._offset


def clock_for(test_clock: bool, file: Path | None) -> Clock:
    """The clock of a process: shifted only when the test clock was asked for and has a file."""
    return OffsetClock(file) if test_clock and file is not None else system_clock
