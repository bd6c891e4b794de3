"""One secret, one file: written whole or not at all, readable by its owner alone."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
"""256 bits: out of reach for guessing, and more than any setting asks for."""

OWNER_ONLY = 0o400


def random_secret() -> str:
    """A new password or key."""
    return secrets.token_urlsafe(SECRET_BYTES)


def read_secret(place: Path) -> str | None:
    """What the file holds; None where there is none. Raises OSError."""
    try:
        return place.read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def write_secret(place: Path, value: str, *, mode: int = OWNER_ONLY) -> None:
    """Whole or not at all, also when the machine stops in between. Raises OSError."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
