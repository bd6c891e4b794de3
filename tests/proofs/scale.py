"""How many cases a proof tries: few in the suite, all of them under `make prove`."""

import os

SMALL = 0.02
"""The part of all cases that the suite tries: enough to see a broken rule, and seconds long."""


def cases(full: int) -> int:
    """How many of `full` cases to try; LIMBER_PROOF_SCALE=1 is all of them."""
    return max(1, round(full * float(os.environ.get("LIMBER_PROOF_SCALE", SMALL))))
