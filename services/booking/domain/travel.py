"""How long it takes a trainer to get from one place to another."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, Protocol

from shared.contracts.booking import Area

ROUND_TO_MINUTES = 5
"""Estimates are no better than that; always rounded up."""

_DEGREE_KM = 111.2
"""One degree of latitude."""

_NARROWER_EAST = math.cos(math.radians(44))
"""A degree of longitude is shorter by that at the latitude of the four cities."""


class Stop(NamedTuple):
    """Where a trainer must be: an area, and the postal code in it as far as it is known."""

    area: Area
    postal: str | None


class TravelTimes(Protocol):
    """Who knows how long ways take. Answers may depend on the month, never on the time of day."""

    def minutes(self, origin: Stop, to: Stop, month: int) -> int:
        """Minutes from one stop to another in a month (1 to 12)."""


@dataclass(frozen=True)
class _District:
    """Where the codes that begin with a prefix lie: kilometres on a plane."""

    prefix: str
    east_km: float
    north_km: float


@dataclass(frozen=True)
class _Roads:
    """How one drives inside an area, and in its winter."""

    same_code_minutes: int
    same_district_minutes: int
    parking_minutes: int
    kmh: float
    detour: float
    winter_months: frozenset[int]
    winter_factor: float
    districts: tuple[_District, ...]


class FileTimes:
    """Estimates by the project's own table, `travel.toml`: its values are design values."""

    def __init__(
        self, between: Mapping[frozenset[Area], int], inside: Mapping[Area, _Roads]
    ) -> None:
        self._between = between
        self._inside = inside
        self._asked = lru_cache(maxsize=65536)(self._estimate)

    def minutes(self, origin: Stop, to: Stop, month: int) -> int:
        """Minutes by car, rounded up to five, times winter's factor in the months that have it."""
        return self._asked(origin, to, month)

    def _estimate(self, origin: Stop, to: Stop, month: int) -> int:
        near, far = self._inside[origin.area], self._inside[to.area]
        if origin.area == to.area:
            usual = _across(near, origin.postal, to.postal)
        else:
            usual = self._between[frozenset({origin.area, to.area})]
        factors = [one.winter_factor for one in (near, far) if month in one.winter_months]
        # Six places: 60 times 1.15 is 69, and no hair above it.
        minutes = round(usual * max(factors, default=1.0), 6)
        return math.ceil(minutes / ROUND_TO_MINUTES) * ROUND_TO_MINUTES

    def longest(self) -> int:
        """Minutes of the longest way between two areas, in its worst month."""
        return max(
            self.minutes(Stop(origin, None), Stop(to, None), month)
            for origin in self._inside
            for to in self._inside
            for month in range(1, 13)
        )


@lru_cache(maxsize=1)
def travel_times() -> TravelTimes:
    """Who is asked for ways: the one place where another provider would be chosen."""
    return from_file()


@lru_cache(maxsize=1)
def from_file() -> FileTimes:
    """The project's own table."""
    table = tomllib.loads((resources.files(__package__) / "travel.toml").read_text("utf-8"))
    between = {frozenset({row["from"], row["to"]}): row["minutes"] for row in table["between"]}
    return FileTimes(between, {area: _roads(row) for area, row in table["inside"].items()})


def _across(roads: _Roads, origin: str | None, to: str | None) -> float:
    if origin is not None and to is not None and origin[:3] == to[:3]:
        return roads.same_code_minutes
    here, there = _district(roads, origin), _district(roads, to)
    if here is None or there is None:
        return _widest(roads)
    return _between_districts(roads, here, there)


def _district(roads: _Roads, postal: str | None) -> _District | None:
    found = [one for one in roads.districts if (postal or "").startswith(one.prefix)]
    return found[0] if found else None


@lru_cache(maxsize=8)
def _widest(roads: _Roads) -> float:
    """The longest way inside an area: for a visit that may lie anywhere in it."""
    pairs = [(here, there) for here in roads.districts for there in roads.districts]
    return max(_between_districts(roads, here, there) for here, there in pairs)


def _between_districts(roads: _Roads, here: _District, there: _District) -> float:
    if here == there:
        return roads.same_district_minutes
    km = math.hypot(here.east_km - there.east_km, here.north_km - there.north_km) * roads.detour
    return max(roads.parking_minutes + km / roads.kmh * 60, roads.same_district_minutes)


def _roads(row: Mapping[str, Any]) -> _Roads:
    return _Roads(
        same_code_minutes=row["same_code_minutes"],
        same_district_minutes=row["same_district_minutes"],
        parking_minutes=row["parking_minutes"],
        kmh=row["kmh"],
        detour=row["detour"],
        winter_months=frozenset(row["winter_months"]),
        winter_factor=row["winter_factor"],
        districts=tuple(
            _District(prefix, east * _DEGREE_KM * _NARROWER_EAST, north * _DEGREE_KM)
            for prefix, (north, east) in row["districts"].items()
        ),
    )
