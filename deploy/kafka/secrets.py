"""The secrets of a Kafka of our own: certificates, and a password for each name.

`python -m deploy.kafka.secrets /secrets` fills, for each reader, what it needs:
`authority/` (the key that signs; for this job alone), `kafka/` (the brokers), `cluster/` (the jobs
that make topics, names and rights), `analyst/`, and the services' own directories.
"""

import sys
from datetime import datetime
from pathlib import Path

from deploy.kafka.certificates import Authority, is_current, issue, new_authority
from deploy.kafka.principals import ANALYST, OPERATOR, PRINCIPALS, READS
from deploy.secret_files import OWNER_ONLY, random_secret, read_secret, write_secret
from shared.clock import system_clock

BROKERS = ("kafka", "kafka-2", "kafka-3", "localhost")
"""Names by which the brokers are reached under compose."""

BROKER_NAME, JOBS_NAME = "limber-kafka", "limber-jobs"
"""Common names of the certificates; compose lists both as super users."""

OWNER_AND_GROUP = 0o440
"""The brokers' image runs as a user of its own, who is given our group."""


def write_kafka_secrets(root: Path, now: datetime) -> list[str]:
    """Make what is missing or runs out under `root`; returns the names written, `reader/file`.

    Raises:
        OSError: a directory of `root` cannot be written.
    """
    written: list[str] = []

    def keep(name: str, value: str, mode: int = OWNER_ONLY) -> str:
        if read_secret(root / name) != value:
            write_secret(root / name, value, mode=mode)
            written.append(name)
        return value

    def leaf(name: str, common: str, hosts: tuple[str, ...], mode: int = OWNER_ONLY) -> None:
        found = read_secret(root / name)
        if found is None or not is_current(found, authority, hosts, now):
            keep(name, issue(authority, common, hosts, now), mode)

    certificate = read_secret(root / "authority/ca.pem")
    key = read_secret(root / "authority/ca_key.pem")
    authority = (
        Authority(certificate, key)
        if certificate and key
        else new_authority("Limber Kafka authority", now)
    )
    keep("authority/ca.pem", authority.certificate)
    keep("authority/ca_key.pem", authority.key)
    for reader in (*READS, "cluster", ANALYST):
        keep(f"{reader}/kafka_ca.pem", authority.certificate)
    keep("kafka/kafka_ca.pem", authority.certificate, OWNER_AND_GROUP)
    leaf("kafka/kafka.pem", BROKER_NAME, BROKERS, OWNER_AND_GROUP)
    leaf("cluster/kafka_jobs.pem", JOBS_NAME, ())
    for name in PRINCIPALS:
        place = f"cluster/limber_kafka_{name}_password"
        password = keep(place, read_secret(root / place) or random_secret())
        if name in READS:
            keep(f"{name}/{name}_kafka_password", password)
        if name == OPERATOR:
            # The limber command runs in booking's container.
            keep("booking/limber_kafka_password", password)
        if name == ANALYST:
            keep("analyst/analyst_kafka_password", password)
    return written


def main() -> None:
    """Write what is missing, and say which; never a value."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.kafka.secrets DIRECTORY")
    try:
        written = write_kafka_secrets(Path(sys.argv[1]), system_clock())
    except OSError as fault:
        sys.exit(f"secrets: {fault}")
    print("\n".join(written) or "all secrets are there")


if __name__ == "__main__":
    main()
