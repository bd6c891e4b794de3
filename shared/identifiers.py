"""Identifiers: UUIDv7, so that rows and events sort by birth."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new time-ordered UUID (version 7, RFC 9562)."""
    return uuid7()
