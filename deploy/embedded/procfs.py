"""What /proc knows of a process: enough to tell one from a stranger that got its pid."""

import os
from dataclasses import dataclass
from pathlib import Path

# Field 22 of /proc/PID/stat, counted after the parenthesised command name (field 2).
STATE_FIELD = 0
START_FIELD = 19


@dataclass(frozen=True)
class Identity:
    """A process beyond its pid: the boot it lives in and the clock tick it began at."""

    pid: int
    boot: str
    started: int


def identify(pid: int) -> Identity | None:
    """Identify a live process; None when there is none (a zombie counts as none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[STATE_FIELD] == "Z":
        return None
    return Identity(pid=pid, boot=boot, started=int(fields[START_FIELD]))


def myself() -> Identity:
    """The calling process; raises OSError where there is no /proc."""
    found = identify(os.getpid())
    if found is None:
        raise OSError("/proc does not show the calling process")
    return found


def command_line(pid: int) -> tuple[str, ...]:
    """The arguments a process was started with; empty when it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(part.decode(errors="replace") for part in raw.split(b"\0")[:-1])


def working_directory(pid: int) -> Path | None:
    """The directory a process works in; None when it is gone or not ours to see."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
