"""What the table and the JSON of a bench say."""

import json
from pathlib import Path

import pytest

from tests.bench.report import Row, delays, percentile, table, write_json


def test_a_percentile_is_one_of_the_values() -> None:
    hundred = list(range(1, 101))

    assert (50, 99, 100) == tuple(percentile(hundred, percent) for percent in (50, 99, 100))
    assert 7 == percentile([7], 99)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("targets", "verdict"),
    [(None, ""), ((10, 20), "ok"), ((9, 20), "missed"), ((10, 19), "missed")],
)
def test_delays_are_held_to_both_targets(targets: tuple[int, int] | None, verdict: str) -> None:
    row = delays("delay", [0.01] * 98 + [0.02] * 2, targets_ms=targets)

    assert ("p50 10.0 ms, p99 20.0 ms", verdict) == (row.measured, row.verdict)


def test_a_missed_target_is_shown_plainly() -> None:
    rows = [
        Row("relay", "100", "400 (bare)", 0.25, ">= 0.5", ok=False),
        Row("memory", "90 MB"),
    ]

    assert [
        "name    measured  peer        ratio  target",
        "relay   100       400 (bare)  0.25   >= 0.5  missed",
        "memory  90 MB",
    ] == table(rows).splitlines()


def test_the_file_holds_machine_and_raw_numbers(tmp_path: Path) -> None:
    place = tmp_path / "bench.json"

    write_json(place, {"cores": 2}, [Row("relay", "100", ok=True, raw={"relay": [99.5, 100.0]})])

    found = json.loads(place.read_text())
    assert {"cores": 2} == found["machine"]
    assert [("relay", "ok", {"relay": [99.5, 100.0]})] == [
        (row["name"], row["verdict"], row["raw"]) for row in found["rows"]
    ]
