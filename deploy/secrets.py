"""The secrets job: random values, made once, one directory for each who may read them.

`python -m deploy.secrets /secrets` fills /secrets/{postgres,migrate,booking,notify,progress};
each is mounted at /run/limber of its reader alone. A file's name is the setting's name.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.vapid import new_private_key, public_key
from shared.signatures import new_secret

SERVICES = ("booking", "notify", "progress")

DATABASE = "postgres:5432/limber"
"""Host, port and name of the database under compose."""

SECRET_BYTES = 32
"""256 bits: out of reach for guessing, and more than any setting asks for."""

OWNER_ONLY = 0o400


def _random() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def write_secrets(root: Path, database: str = DATABASE) -> list[str]:
    """Make what is missing under `root`; returns the names written, `reader/file`.

    The values in migrate/, booking_secret, notify's key of web push and what signs the reports of
    mail and SMS providers are drawn once and then kept; all other files are derived from them, so
    an interrupted run is completed by the next one. A deleted password of a role is drawn again,
    and the migrate job gives it to the role.

    Raises:
        OSError: a directory of `root` cannot be written.
    """
    written: list[str] = []

    def keep(reader: str, name: str, value: str) -> str:
        place = root / reader / name
        if _content(place) != value:
            _replace(place, value)
            written.append(f"{reader}/{name}")
        return value

    def draw(reader: str, name: str, new: Callable[[], str] = _random) -> str:
        found = _content(root / reader / name)
        return keep(reader, name, found or new())

    superuser = draw("migrate", "postgres_password")
    keep("postgres", "postgres_password", superuser)
    keep("migrate", "limber_database_url", f"postgresql://postgres:{superuser}@{database}")
    for service in SERVICES:
        password = draw("migrate", f"limber_{service}_password")
        url = f"postgresql://limber_{service}:{password}@{database}"
        keep(service, f"{service}_database_url", url)
    # The limber command runs in booking's container, as a role that sees little more than booking.
    operator = draw("migrate", "limber_operator_password")
    keep("booking", "limber_database_url", f"postgresql://limber_operator:{operator}@{database}")
    draw("booking", "booking_secret")
    key = draw("notify", "notify_vapid_private_key", new_private_key)
    keep("booking", "booking_push_public_key", public_key(key))
    draw("notify", "notify_callback_secrets", lambda: f"mail={new_secret()},sms={new_secret()}")
    return written


def _content(place: Path) -> str | None:
    try:
        return place.read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def _replace(place: Path, value: str) -> None:
    """Whole or not at all, also when the machine stops in between."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def main() -> None:
    """Write what is missing, and say which; never a value."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.secrets DIRECTORY")
    try:
        written = write_secrets(Path(sys.argv[1]))
    except OSError as fault:
        sys.exit(f"secrets: {fault}")
    print("\n".join(written) or "all secrets are there")


if __name__ == "__main__":
    main()
