"""Ports: the ones asked for where free, the ones of the last run, else any free one."""

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

HOST = "127.0.0.1"

# Distance from LIMBER_PORT; replicas of a service follow their own base.
OFFSETS = {
    "booking-1": 0,
    "notify-1": 1,
    "progress-1": 2,
    "postgres": 3,
    "kafka": 4,
    "kafka-controller": 5,
    "mail": 6,
    "smtp": 7,
}
REPLICA_OFFSETS = {"booking": 20, "notify": 40, "progress": 60}
# Where a preferred port is taken the search begins here.
SPARE_OFFSET = 100
SPARE_COUNT = 400
HIGHEST = 65_535

# The kernel hands ports of this range to outgoing connections, also while a child restarts and
# its port is free for a moment. Only the front door is put there, when LIMBER_PORT says so.
OUTGOING_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_OUTGOING = range(32_768, 61_000)
BELOW_OUTGOING = 18_000


class Reservation:
    """A port that is ours: it listens, so nobody else can take it, until released."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]

    def release(self) -> None:
        """Free the port for the child that is about to listen on it."""
        self._listener.close()


def reserve(port: int) -> Reservation | None:
    """Take a port (0: any free one), or None when it is in use or not allowed."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Connections of the last run in TIME_WAIT must not make the port look taken.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1)
    except OSError:
        listener.close()
        return None
    return Reservation(listener)


def choose(names: Iterable[str], base: int, previous: Mapping[str, int]) -> dict[str, Reservation]:
    """Reserve a port for each name; `previous` are the ports of the last run.

    The front door (offset 0) always tries `base` first; the others keep the port they had.
    """
    outgoing = outgoing_ports()
    start = base + SPARE_OFFSET
    spare = range(start, start + SPARE_COUNT)
    if start in outgoing or spare[-1] in outgoing:
        spare = range(BELOW_OUTGOING, BELOW_OUTGOING + SPARE_COUNT)
    taken: dict[str, Reservation] = {}
    for name in names:
        if offset(name) == 0:
            taken[name] = _first_free((base, *spare))
            continue
        wishes = [base + offset(name), *spare]
        if name in previous:
            wishes.insert(0, previous[name])
        taken[name] = _first_free(port for port in wishes if port not in outgoing)
    return taken


def outgoing_ports() -> range:
    """The ports that the kernel uses for outgoing connections."""
    try:
        first, last = OUTGOING_RANGE.read_text().split()
    except (OSError, ValueError):
        return USUAL_OUTGOING
    return range(int(first), int(last) + 1)


def offset(name: str) -> int:
    """How far from LIMBER_PORT a process would like to be."""
    if name in OFFSETS:
        return OFFSETS[name]
    service, _, number = name.rpartition("-")
    return REPLICA_OFFSETS[service] + int(number)


def _first_free(wishes: Iterable[int]) -> Reservation:
    for port in wishes:
        if port <= HIGHEST and (found := reserve(port)):
            return found
    found = reserve(0)
    if found is None:
        raise OSError("no free port on 127.0.0.1")
    return found
