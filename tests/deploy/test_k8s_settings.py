"""What the manifests give each program is what its settings ask for, no less and no other."""

import base64
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from deploy.acls import AccessSettings
from deploy.migrate import MigrateSettings
from deploy.operators import OperatorSettings
from deploy.stack import OperatorKafka
from deploy.topics import TopicSettings
from services.booking.settings import BookingSettings
from services.notify.settings import NotifySettings
from services.progress.settings import ProgressSettings
from tests.deploy.manifests import OVERLAYS, Manifest, environment, pods, secret_keys

SETTINGS: dict[str, type[BaseSettings]] = {
    "booking": BookingSettings,
    "notify": NotifySettings,
    "progress": ProgressSettings,
    "migrate": MigrateSettings,
    "operators": OperatorSettings,
    "topics": TopicSettings,
    "access": AccessSettings,
    "console": OperatorKafka,
}

OF_NOBODY = {"LIMBER_ENVIRONMENT"}
"""Says where it runs; no settings class reads it."""

OF_STACK = {"LIMBER_BASE_URL", "LIMBER_DATABASE_URL_FILE", "LIMBER_BOOKING_SECRET_FILE"}
"""Read by `deploy.stack` for the `limber` command."""

VALUES = {
    "booking_key_encryption_key": base64.urlsafe_b64encode(bytes(range(32))).decode(),
    "notify_vapid_private_key": base64.urlsafe_b64encode(bytes([7] * 32)).decode().rstrip("="),
    "notify_callback_secrets": "mail=whsec_" + base64.b64encode(bytes(range(32))).decode(),
    "booking_push_public_key": "public",
    "notify_smtp_urls": "smtps://mail.example",
    "notify_sms_urls": "",
}

every_pod = pytest.mark.parametrize(
    ("overlay", "name"), [(overlay, name) for overlay in OVERLAYS for name in SETTINGS]
)


def names_of(settings: type[BaseSettings]) -> set[str]:
    """The environment names that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    found = set()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        assert not isinstance(alias, AliasChoices)
        found.add(str(alias) if alias else f"{prefix}{name}".upper())
    return found


def secret_of(pod: Manifest) -> str:
    """The secret that a pod mounts at /run/limber."""
    [found] = [v["secret"]["secretName"] for v in pod["spec"]["volumes"] if "secret" in v]
    return str(found)


@every_pod
def test_every_name_in_the_environment_is_one_that_the_program_reads(
    overlay: str, name: str
) -> None:
    given = set(environment(overlay, pods(overlay)[name])) - OF_NOBODY
    if name == "console":
        given -= OF_STACK

    assert set() == given - names_of(SETTINGS[name])


@every_pod
def test_the_program_starts_with_what_it_is_given(
    overlay: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = pods(overlay)[name]
    keys = secret_keys().get(secret_of(pod), {"limber_kafka_password", "kafka_ca.pem"})
    for key in keys:
        (tmp_path / key).write_text(VALUES.get(key, "only-for-tests-" * 3))
    for variable, value in environment(overlay, pod).items():
        monkeypatch.setenv(variable, value)

    found = SETTINGS[name](_secrets_dir=tmp_path)

    assert "only-for-tests" not in repr(found)


@every_pod
def test_a_file_that_a_setting_names_is_in_the_mounted_secret(overlay: str, name: str) -> None:
    pod = pods(overlay)[name]
    named = {
        value.removeprefix("/run/limber/")
        for value in environment(overlay, pod).values()
        if value.startswith("/run/limber/")
    }

    assert name == "console" or named <= secret_keys()[secret_of(pod)]
