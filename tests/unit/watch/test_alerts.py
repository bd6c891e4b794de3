"""Each alert fires when it should and not just before, and leads to a page that helps."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.watch.alert_cases import CASES, UP, Case, Series
from tests.unit.watch.documented import ROOT, documented, metrics_in

OBSERVABILITY = ROOT / "deploy" / "observability"
RULES = OBSERVABILITY / "alerts.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADINGS = (
    "What it means",
    "What people feel",
    "First look",
    "What to do",
    "How to know that it is over",
)

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus"
)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def judged(name: str, series: Series, case: Case, firing: Iterator[str]) -> dict[str, Any]:
    """A test of promtool: which alerts fire, and no other."""
    return {
        "name": name,
        "interval": "1m",
        "input_series": [
            {"series": one, "values": values} for one, values in (UP | series).items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{case.minutes}m",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(firing)
                ],
            }
        ],
    }


@needs_promtool
def test_each_alert_fires_when_it_should_and_not_just_before(tmp_path: Path) -> None:
    tests = []
    for name, case in CASES.items():
        tests.append(judged(f"{name} fires", case.fires, case, iter({name} | case.also)))
        tests.append(judged(f"{name} is silent", case.silent, case, iter(case.also)))
    place = tmp_path / "alerts.test.yml"
    place.write_text(
        yaml.safe_dump(
            {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests},
            sort_keys=False,
        )
    )

    done = subprocess.run(
        ["promtool", "test", "rules", place], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_each_alert_is_tried() -> None:
    assert set(alerts()) == set(CASES)


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    wanted = {f"docs/runbooks/{kebab(name)}.md" for name in alerts()}

    assert wanted == {rule["annotations"]["runbook"] for rule in alerts().values()}
    assert wanted == {
        str(page.relative_to(ROOT)) for page in RUNBOOKS.glob("*.md") if page.stem != "README"
    }


@pytest.mark.parametrize("name", alerts())
def test_a_runbook_says_what_it_means_and_what_to_do(name: str) -> None:
    lines = (RUNBOOKS / f"{kebab(name)}.md").read_text().splitlines()

    assert f"# {name}" == lines[0]
    assert [f"## {heading}" for heading in HEADINGS] == [
        line for line in lines if line.startswith("## ")
    ]


def test_rules_and_runbooks_name_documented_metrics_alone() -> None:
    known = {metric.name for metric in documented()}
    texts = {str(rule.get("alert") or rule["record"]): rule["expr"] for rule in rules()} | {
        page.name: page.read_text() for page in RUNBOOKS.glob("*.md")
    }

    assert {} == {
        name: unknown for name, text in texts.items() if (unknown := metrics_in(text) - known)
    }


def test_every_alert_wakes_somebody_or_waits_for_the_morning() -> None:
    assert {"page", "ticket"} == {rule["labels"]["severity"] for rule in alerts().values()}
    assert all("{{" in rule["annotations"]["summary"] for rule in alerts().values())
