"""The access job: names, passwords and rights on Kafka, as `deploy.kafka.principals` lists them.

Safe to run again: a changed password is set, a missing right is given, and any other right of
these names is taken away.
"""

import sys
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.kafka.principals import PRINCIPALS, Deed, Kind, Right, rights
from shared.settings import KafkaSettings

TIMEOUT_S = 30.0
"""A broker that has just started may take some seconds to know its controller."""

SCRAM_ITERATIONS = 8192
"""Twice Kafka's least; the passwords are random, so more would only slow signing in."""

DEEDS: Mapping[Deed, AclOperation] = {
    "read": AclOperation.READ,
    "write": AclOperation.WRITE,
    "describe": AclOperation.DESCRIBE,
    "describe-configs": AclOperation.DESCRIBE_CONFIGS,
}
KINDS: Mapping[Kind, ResourceType] = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}


class AccessSettings(KafkaSettings):
    """Where to give rights, as a super user (LIMBER_*), and the passwords of the names."""

    model_config = SettingsConfigDict(env_prefix="LIMBER_")

    kafka_booking_password: SecretStr
    kafka_notify_password: SecretStr
    kafka_progress_password: SecretStr
    kafka_analyst_password: SecretStr
    kafka_operator_password: SecretStr
    kafka_scaler_password: SecretStr

    def passwords(self) -> dict[str, SecretStr]:
        """Name to password."""
        return {name: getattr(self, f"kafka_{name}_password") for name in PRINCIPALS}


def give_access(settings: AccessSettings) -> tuple[int, int]:
    """Set passwords and rights; returns how many rights were given and taken.

    Raises:
        KafkaException: the brokers cannot be reached, or refuse.
    """
    admin = AdminClient({**settings.kafka.librdkafka()})
    for done in admin.alter_user_scram_credentials(
        [_credential(name, password) for name, password in settings.passwords().items()],
        request_timeout=TIMEOUT_S,
    ).values():
        done.result()
    wanted = {_binding(right) for right in rights()}
    found = set(_found(admin))
    _change(admin, wanted - found, found - wanted)
    return len(wanted - found), len(found - wanted)


def _credential(name: str, password: SecretStr) -> UserScramCredentialUpsertion:
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    return UserScramCredentialUpsertion(name, how, password.get_secret_value().encode())


def _binding(right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefix else ResourcePatternType.LITERAL
    return AclBinding(
        KINDS[right.kind],
        right.name,
        pattern,
        f"User:{right.principal}",
        "*",
        DEEDS[right.deed],
        AclPermissionType.ALLOW,
    )


def _found(admin: AdminClient) -> Iterable[AclBinding]:
    for name in PRINCIPALS:
        mine = AclBindingFilter(
            ResourceType.ANY,
            None,  # type: ignore[arg-type]  # no name: all of them
            ResourcePatternType.ANY,
            f"User:{name}",
            None,  # type: ignore[arg-type]
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        yield from admin.describe_acls(mine, request_timeout=TIMEOUT_S).result()


def _change(admin: AdminClient, missing: set[AclBinding], surplus: set[AclBinding]) -> None:
    # New rights first: nobody who keeps working is without any in between.
    if missing:
        for given in admin.create_acls(list(missing), request_timeout=TIMEOUT_S).values():
            given.result()
    if surplus:
        exact = [
            AclBindingFilter(
                acl.restype,
                acl.name,
                acl.resource_pattern_type,
                acl.principal,
                acl.host,
                acl.operation,
                acl.permission_type,
            )
            for acl in surplus
        ]
        for taken in admin.delete_acls(exact, request_timeout=TIMEOUT_S).values():
            taken.result()


def main() -> None:
    """Give everybody what they need, and say how much changed."""
    try:
        given, taken = give_access(AccessSettings())
    except KafkaException as fault:
        sys.exit(f"access: {fault}")
    print(f"rights given: {given}, taken away: {taken}")


if __name__ == "__main__":
    main()
