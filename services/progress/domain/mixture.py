"""Quantiles of a mixture of bell curves, as sums on a grid of points."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POINTS = 601
"""Points of the grid: quantiles are right to a few thousandths of the mixture's spread."""

REACH = 10.0
"""How far the grid goes to either side, in spreads: beyond lies less than 1e-6 from 12 degrees."""

NEGLIGIBLE = 1e-6
"""Components lighter than this do not change a quantile that anyone reads."""

CENTRAL = (0.025, 0.975)
"""The bounds of a 95 % interval."""


def interval(
    weights: Floats, means: Floats, scales: Floats, degrees: float | None = None
) -> tuple[float, float]:
    """The central 95 % of a mixture of t curves, or of normal ones without `degrees`.

    `weights` sum to 1; all three are one-dimensional and of equal length; `degrees` above 2.
    """
    kept = weights > NEGLIGIBLE
    weights, means, scales = weights[kept], means[kept], scales[kept]
    centre = float(np.sum(weights * means))
    widening = 1.0 if degrees is None else degrees / (degrees - 2)
    spread = float(np.sqrt(np.sum(weights * (widening * scales**2 + (means - centre) ** 2))))
    points = centre + np.linspace(-REACH, REACH, POINTS) * spread
    squares = ((points - means[:, None]) / scales[:, None]) ** 2
    if degrees is None:
        curves = np.exp(-squares / 2)
    else:
        curves = np.exp(-(degrees + 1) / 2 * np.log1p(squares / degrees))
    # Each curve integrates to the same constant times its scale; the constant goes with the sum.
    density = np.sum((weights / scales)[:, None] * curves, axis=0)
    below = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    low, high = np.interp(CENTRAL, below / below[-1], points)
    return float(low), float(high)
