"""The secrets job: random values, made once, one directory for each who may read them.

`python -m deploy.secrets /secrets` fills /secrets/{postgres,migrate,booking,notify,progress};
each is mounted at /run/limber of its reader alone. A file's name is the setting's name.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from deploy.secret_files import random_secret, read_secret, write_secret
from deploy.vapid import new_private_key, public_key
from shared.signatures import new_secret

SERVICES = ("booking", "notify", "progress")

DATABASE = "postgres:5432/limber"
"""Host, port and name of the database under compose."""


def write_secrets(root: Path, database: str = DATABASE) -> list[str]:
    """Make what is missing under `root`; returns the names written, `reader/file`.

    The values in migrate/, booking_secret, the key around the clients' keys, notify's key of web
    push and what signs the reports of mail and SMS providers are drawn once and then kept; all
    other files are derived from them, so an interrupted run is completed by the next one. A deleted
    password of a role is drawn again, and the migrate job gives it to the role.

    Raises:
        OSError: a directory of `root` cannot be written.
    """
    written: list[str] = []

    def keep(reader: str, name: str, value: str) -> str:
        place = root / reader / name
        if read_secret(place) != value:
            write_secret(place, value)
            written.append(f"{reader}/{name}")
        return value

    def draw(reader: str, name: str, new: Callable[[], str] = random_secret) -> str:
        found = read_secret(root / reader / name)
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
    draw("booking", "booking_key_encryption_key")
    key = draw("notify", "notify_vapid_private_key", new_private_key)
    keep("booking", "booking_push_public_key", public_key(key))
    draw("notify", "notify_callback_secrets", lambda: f"mail={new_secret()},sms={new_secret()}")
    return written


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
