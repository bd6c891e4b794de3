"""docs/metrics.md tells every metric of every service, and no other."""

import tomllib

from shared.telemetry import VERSION
from tests.unit.watch.documented import ROOT, documented, documented_labels
from tests.unit.watch.registered import registered


def test_the_document_and_the_services_tell_the_same_metrics() -> None:
    assert registered() == documented()


def test_the_values_of_every_label_are_bounded_in_the_document() -> None:
    assert {label for one in documented() for label in one.labels} == documented_labels()


def test_the_version_that_services_tell_is_the_release_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
