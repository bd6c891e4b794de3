"""Secrets are drawn once, agree with each other, and are read by nobody else."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import deploy.migrate
from deploy.secrets import SERVICES, write_secrets
from deploy.stack import find_stack
from deploy.vapid import public_key
from services.notify.channels.push import PushKey
from services.notify.settings_outside import secrets_by_provider


def files(root: Path) -> dict[str, str]:
    """All files under a directory: relative name -> content."""
    return {
        str(place.relative_to(root)): place.read_text()
        for place in root.rglob("*")
        if place.is_file()
    }


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = files(tmp_path)

    assert [] == write_secrets(tmp_path)
    assert before == files(tmp_path)


def test_a_run_that_was_cut_short_is_completed_without_a_new_password(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = files(tmp_path)
    (tmp_path / "notify" / "notify_database_url").unlink()
    (tmp_path / "postgres" / "postgres_password").unlink()
    (tmp_path / "booking" / ".booking_secret.part").write_text("half")

    assert ["postgres/postgres_password", "notify/notify_database_url"] == write_secrets(tmp_path)
    (tmp_path / "booking" / ".booking_secret.part").unlink()
    assert before == files(tmp_path)


def test_a_deleted_password_of_a_role_is_drawn_again_everywhere(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = files(tmp_path)
    (tmp_path / "migrate" / "limber_notify_password").unlink()

    assert {"migrate/limber_notify_password", "notify/notify_database_url"} == set(
        write_secrets(tmp_path)
    )
    changed = {name for name, value in files(tmp_path).items() if before[name] != value}
    assert {"migrate/limber_notify_password", "notify/notify_database_url"} == changed


def test_two_machines_share_no_secret(tmp_path: Path) -> None:
    write_secrets(tmp_path / "one")
    write_secrets(tmp_path / "two")

    assert set() == set(files(tmp_path / "one").values()) & set(files(tmp_path / "two").values())


def test_only_the_owner_can_read_a_secret(tmp_path: Path) -> None:
    write_secrets(tmp_path)

    assert {0o400} == {
        stat.S_IMODE(place.stat().st_mode) for place in tmp_path.rglob("*") if place.is_file()
    }


def test_each_address_holds_the_password_that_migrate_gives_the_role(tmp_path: Path) -> None:
    write_secrets(tmp_path)

    for service in SERVICES:
        address = urlsplit((tmp_path / service / f"{service}_database_url").read_text())
        given = (tmp_path / "migrate" / f"limber_{service}_password").read_text()
        assert (f"limber_{service}", given) == (address.username, address.password)


def test_booking_gives_browsers_the_key_that_notify_signs_with(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    private = (tmp_path / "notify" / "notify_vapid_private_key").read_text()

    assert public_key(private) == (tmp_path / "booking" / "booking_push_public_key").read_text()
    key = PushKey(private, contact="mailto:hello@limber.example")
    assert key.headers("https://push.example")["Authorization"].endswith(public_key(private))


def test_providers_have_secrets_that_notify_reads(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    drawn = (tmp_path / "notify" / "notify_callback_secrets").read_text()

    assert {"mail", "sms"} == set(secrets_by_provider(drawn))


def test_every_service_that_is_migrated_has_secrets() -> None:
    assert deploy.migrate.SERVICES == SERVICES


def test_the_command_reads_the_address_of_the_database_from_its_file(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    place = tmp_path / "booking" / "limber_database_url"
    stack = find_stack(
        {"LIMBER_HOME": str(tmp_path / "none"), "LIMBER_DATABASE_URL_FILE": str(place)}
    )

    assert place.read_text() == stack.database_url
