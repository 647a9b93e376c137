"""Learning curves: an inverse power law through scores by sample size."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POWERS = np.arange(1, 21) / 10


def power_law_gain(sizes: Floats, scores: Floats, target: float) -> tuple[Floats, float]:
    """Gain from the last size to `target` on the curve a - b n**-c through scores, by least squares; and c of the first curve.

    Points weigh as their sizes do, for scores of few rows vary most and lie furthest from the end. c is the best of .1, .2, ..., 2, for
    every curve by itself.

    Parameters
    ----------
    sizes : (k,)
        Ascending, positive; three or more.
    scores : (k, m)
        Curves, one per column.

    Returns
    -------
    (m,) gains, NaN where a score is missing; a curve that falls gives a negative gain.

    References
    ----------
    Viering & Loog (2022), IEEE TPAMI 45, 7799-7819, the three-parameter power law.
    """
    if len(sizes) < 3 or not np.isfinite(scores).all():
        return np.full(scores.shape[1], np.nan), float("nan")
    root = np.sqrt(sizes / sizes[-1])[:, None]
    gains, misfit = [], []
    for power in POWERS:
        matrix = np.column_stack([np.ones(len(sizes)), -(sizes**-power)])
        found, *_ = np.linalg.lstsq(root * matrix, root * scores, rcond=None)
        misfit.append(((root * (scores - matrix @ found)) ** 2).sum(axis=0))
        gains.append(found[1] * (sizes[-1] ** -power - target**-power))
    best = np.argmin(misfit, axis=0)
    return np.asarray(gains)[best, np.arange(scores.shape[1])], float(POWERS[best[0]])
