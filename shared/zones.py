"""Time zones from one place: the pinned tzdata package, never the machine's own tables."""

from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo


class UnknownZoneError(ValueError):
    """No zone of that name exists in the IANA database."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is not an IANA time zone such as America/Toronto")
        self.name = name


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All zone names of the pinned tzdata release."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


@lru_cache(maxsize=600)
def zone(name: str) -> ZoneInfo:
    """The zone's rules.

    Raises:
        UnknownZoneError: the name is not in the IANA database.
    """
    if name not in zone_names():
        raise UnknownZoneError(name)
    with (resources.files("tzdata") / "zoneinfo" / name).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
