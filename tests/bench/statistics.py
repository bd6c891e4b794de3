"""`python -m tests.bench.statistics [PART ...]`: the simulations behind what progress says."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from tests.bench import (
    statistics_effect,
    statistics_flare,
    statistics_recommend,
    statistics_speed,
    statistics_trend,
)
from tests.bench.report import Row, table
from tests.bench.setting import Setting

PARTS: dict[str, Callable[[], list[Row]]] = {
    "trend": statistics_trend.rows,
    "effect": statistics_effect.rows,
    "flare": statistics_flare.rows,
    "recommend": statistics_recommend.rows,
    "speed": statistics_speed.rows,
}
"""All are pure and seeded: the same figures on any machine, but for the speed."""


SAMPLE = 4
"""The whole bench runs this part of the simulations: all of them take minutes."""


async def statistics(_: Setting) -> list[Row]:
    """A part of the simulations, as rows of the whole bench; they need no stack."""
    return await asyncio.to_thread(sample)


def sample() -> list[Row]:
    """Every row, from fewer clients."""
    return [
        *statistics_trend.rows(statistics_trend.RUNS // SAMPLE),
        *statistics_effect.rows(statistics_effect.CLIENTS // SAMPLE),
        *statistics_flare.rows(statistics_flare.CLIENTS // SAMPLE),
        *statistics_recommend.rows(
            statistics_recommend.CLIENTS // SAMPLE,
            statistics_recommend.SET_CLIENTS // SAMPLE,
            statistics_recommend.PROPOSALS // SAMPLE,
        ),
        *statistics_speed.rows(),
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.statistics", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    wanted = parser.parse_args().parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sys.stdout.write(table([row for name in wanted for row in PARTS[name]()]) + "\n")


if __name__ == "__main__":
    main()
