"""Dashboards are as described, and each of their queries is one that Prometheus can answer."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.observability import panels
from tests.unit.watch.documented import documented, metrics_in


def test_the_files_are_as_described() -> None:
    assert 0 == panels.main([])


def test_queries_name_documented_metrics_alone() -> None:
    known = {metric.name for metric in documented()}

    assert set() == {name for one in panels.expressions() for name in metrics_in(one)} - known


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing")
def test_prometheus_can_read_each_query(tmp_path: Path) -> None:
    rules = [{"record": f"r{n}", "expr": one} for n, one in enumerate(panels.expressions())]
    place = tmp_path / "queries.yml"
    place.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))

    done = subprocess.run(
        ["promtool", "check", "rules", place], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_panels_stand_side_by_side_and_have_ids_of_their_own() -> None:
    for place in panels.files():
        found = json.loads(place.read_text())["panels"]
        assert len(found) == len({one["id"] for one in found})
        assert len(found) == len({(one["gridPos"]["x"], one["gridPos"]["y"]) for one in found})
        assert all(one["gridPos"]["x"] + one["gridPos"]["w"] <= 24 for one in found)
