"""How probable each option is to be chosen, by quadrature instead of by many draws."""

import math

import numpy as np
import numpy.typing as npt

from services.progress.domain.mixture import Floats

POINTS, REACH = 61, 5.5
"""Points of the quadrature over one option's draw, and how far they go, in SDs."""

_TABLE_AT = np.linspace(-9.0, 9.0, 18_001)
_TABLE = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in _TABLE_AT.tolist()])
"""The normal distribution, read off linearly: right to 3e-8, far quicker than point by point."""


def inclusion(means: Floats, sds: Floats, families: npt.NDArray[np.int_], spare: int) -> Floats:
    """The probability that each option is in the set, when each draws from its own normal.

    The set holds the highest draw of each family (0, 1, … in `families`) and then the `spare`
    highest of the rest. `sds` are above 0; all three arrays are of one length.
    """
    # Let x be an option's own draw, and c the number of draws above it in each family. Of those,
    # c - 1 compete for the spare places, as one has its family's. The counts of the families are
    # independent given x, and what goes beyond `spare` does not matter.
    nodes = np.linspace(-REACH, REACH, POINTS)
    mass = np.exp(-(nodes**2) / 2)
    x = means[:, None] + sds[:, None] * nodes
    alone = np.ones_like(x)
    rivals = np.stack([alone, *[np.zeros_like(x)] * spare])
    for name in np.unique(families):
        counts = np.stack([np.ones_like(x), *[np.zeros_like(x)] * (spare + 1)])
        for rival in np.flatnonzero(families == name):
            above = np.interp((means[rival] - x) / sds[rival], _TABLE_AT, _TABLE)
            above[rival] = 0.0
            counts[1:] = counts[1:] * (1 - above) + counts[:-1] * above
            counts[0] *= 1 - above
        own = families == name
        alone[own] = counts[0, own]
        counts[0, own] = 0.0
        rivals = _add(rivals, counts)
    # The first in its family is in; any other is in when it has fewer rivals than places.
    chances: Floats = np.sum((alone + rivals[:spare].sum(axis=0)) * mass, axis=1) / mass.sum()
    return chances


def _add(rivals: Floats, counts: Floats) -> Floats:
    # Row k: the probability of k. A family's first draw has a place of its own, so that neither
    # none above nor one adds a rival.
    adding = np.concatenate((counts[:1] + counts[1:2], counts[2:]))
    total = np.zeros_like(rivals)
    for have in range(len(rivals)):
        for more in range(len(rivals) - have):
            total[have + more] += rivals[have] * adding[more]
    return total
