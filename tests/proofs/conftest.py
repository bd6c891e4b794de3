"""The front door for proofs that need one."""

from tests.integration.booking.conftest import door, front, home

__all__ = ["door", "front", "home"]
