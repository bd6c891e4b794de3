"""The images as they are built: a plain user, no secret, and nothing of another service."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.deploy.manifests import ROOT
from tests.e2e.stack import engine_answers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not engine_answers(), reason="no container engine on this machine"),
    pytest.mark.timeout(600),
]

LOOK = """
import importlib.util, json, os, pathlib

app, secrets = pathlib.Path("/app"), pathlib.Path("/run/limber")
known = {name: importlib.util.find_spec(name) is not None for name in ("confluent_kafka", "pytest")}
services = [place.name for place in (app / "services").iterdir() if place.is_dir()]
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "services": sorted(name for name in services if not name.startswith("_")),
    "parts": sorted(place.name for place in app.iterdir()),
    "known": known,
    "keys": [str(p) for p in app.rglob("*") if p.suffix in {".pem", ".key", ".env"}]
    + [str(p) for p in secrets.rglob("*")],
}))
"""


@dataclass(frozen=True)
class Image:
    """One built image: how it is set up, what its layers say, and what is in it."""

    config: dict[str, Any]
    history: str
    inside: dict[str, Any]


def docker(*arguments: str) -> str:
    """What the engine's command prints."""
    done = subprocess.run(
        ("docker", *arguments), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module", params=["progress", "operations"])
def built(request: pytest.FixtureRequest) -> Iterator[tuple[str, Image]]:
    name = f"limber-look-{os.getpid()}-{request.param}"
    target = (
        ("--target", "operations")
        if request.param == "operations"
        else ("--target", "service", "--build-arg", f"SERVICE={request.param}")
    )
    docker("build", "-q", "-f", "deploy/Dockerfile", *target, "-t", name, ".")
    try:
        [inspected] = json.loads(docker("image", "inspect", name))
        locked = ("--read-only", "--cap-drop", "ALL", "--network", "none")
        inside = docker("run", "--rm", *locked, "--entrypoint", "python", name, "-c", LOOK)
        history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", name)
        yield request.param, Image(inspected["Config"], history, json.loads(inside))
    finally:
        docker("image", "rm", "-f", name)


def test_an_image_is_safe_to_hand_out(built: tuple[str, Image]) -> None:
    _, image = built
    said = "\n".join([image.history, *image.config["Env"]])

    assert "limber" == image.config["User"]
    assert [10001, 10001] == image.inside["user"]
    assert [] == image.inside["keys"]
    assert not re.search(r"(?i)(password|secret|token|api_?key)\s*=\s*\S|://[^/\s]+:[^/\s]+@", said)


def test_an_image_holds_what_it_runs_and_no_more(built: tuple[str, Image]) -> None:
    name, image = built
    jobs = name == "operations"

    assert (["booking", "notify", "progress"] if jobs else ["progress"]) == image.inside["services"]
    assert (["deploy", "services", "shared"] if jobs else ["services", "shared"]) == image.inside[
        "parts"
    ]
    assert {"confluent_kafka": jobs, "pytest": False} == image.inside["known"]
