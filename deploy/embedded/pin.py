"""Write artifacts.json anew: `python -m deploy.embedded.pin` after changing a version below."""

import dataclasses
import hashlib
import tempfile
from pathlib import Path

from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate

from deploy.embedded.artifacts import ARCHITECTURES, PINS, Pin, Pins

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
# The binding makes Kafka's own log readable; without one SLF4J is silent. It is taken
# alone: resolved together, its bill of materials would replace Kafka's own versions.
KAFKA_LOG = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
POSTGRES = "io.zonky.test.postgres:embedded-postgres-binaries-{}:18.1.0"


def resolve() -> Pins:
    """Resolve all coordinates with their dependencies into files and digests."""
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch))
        wanted = context.create_dependency(
            dataclasses.replace(Coordinate.parse(KAFKA), scope="compile")
        )
        direct, transitive = context.resolver.resolve([wanted])
        kafka = [
            dependency.artifact
            for dependency in (*direct, *transitive)
            if dependency.scope in ("compile", "runtime")
        ]
        kafka.append(context.create_dependency(KAFKA_LOG).artifact)
        return Pins(
            kafka=tuple(sorted((_pin(file) for file in kafka), key=lambda pin: pin.coordinate)),
            postgres={
                name: _pin(context.create_dependency(POSTGRES.format(name)).artifact)
                for name in ARCHITECTURES.values()
            },
        )


def _pin(artifact: Artifact) -> Pin:
    content = artifact.resolve().read_bytes()
    return Pin(
        coordinate=f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


if __name__ == "__main__":
    PINS.write_text(resolve().model_dump_json(indent=1) + "\n")
