"""The front door for proofs that need one."""

from tests.integration.booking.conftest import door, home

__all__ = ["door", "home"]
