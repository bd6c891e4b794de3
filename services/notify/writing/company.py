"""Who writes: what the law wants every message to say of its sender (CASL, section 6(2))."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Company:
    """Name, postal address and an address that answers, kept valid for 60 days after a mail."""

    name: str
    address: str
    contact: str
