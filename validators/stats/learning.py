"""Learning curves: an inverse power law through scores by sample size."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POWERS = np.arange(1, 21) / 10


def power_law_gain(sizes: Floats, scores: Floats, target: float) -> tuple[Floats, float]:
    """Gain from the last size to `target` on the curve a - b n**-c through scores, by least squares; and c.

    c is the best of .1, .2, ..., 2 for the first column; a and b are fitted to every column with that c.

    Parameters
    ----------
    sizes : (k,)
        Ascending, positive; three or more.
    scores : (k, m)
        Curves, one per column.

    Returns
    -------
    (m,) gains, NaN where a score is missing; at least 0 is not enforced: a curve that falls gives a negative gain.

    References
    ----------
    Viering & Loog (2022), IEEE TPAMI 45, 7799-7819, the three-parameter power law.
    """
    if len(sizes) < 3 or not np.isfinite(scores[:, 0]).all():
        return np.full(scores.shape[1], np.nan), float("nan")

    def fitted(power: float) -> tuple[Floats, float]:
        matrix = np.column_stack([np.ones(len(sizes)), -(sizes**-power)])
        found, *_ = np.linalg.lstsq(matrix, scores, rcond=None)
        return np.asarray(found, np.float64), float(((scores[:, 0] - matrix @ found[:, 0]) ** 2).sum())

    power = float(min(POWERS, key=lambda c: fitted(float(c))[1]))
    (_, slope), _ = fitted(power)
    return np.asarray(slope * (sizes[-1] ** -power - target**-power)), power
