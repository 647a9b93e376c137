"""Exponential tilting: the weights nearest to given ones under which means are what they should be."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exponential_tilt(moments: Floats, targets: Floats, weight: Floats, *, iterations: int = 100) -> Floats | None:
    """Weights w_i exp(lambda . c_i), scaled to the sum of w, with weighted means of c equal to the targets.

    They are the ones with the least Kullback-Leibler divergence from w (Csiszár 1975, Annals of Probability 3, 146-158). lambda
    minimises log sum w exp(lambda . (c - t)), which is convex; Newton's method with halved steps.

    Parameters
    ----------
    moments : (n, k)
        Finite quantities of every row.
    targets : (k,)
        Means that they should have.
    weight : (n,)
        0 or more.

    Returns
    -------
    (n,) float64, or None where no such weights are found: a target outside of what the rows span.
    """
    inside = weight > 0
    if not inside.any():
        return None
    scale = np.sqrt(np.average((moments[inside] - moments[inside].mean(axis=0)) ** 2, axis=0))
    if (scale == 0).any():
        return weight.copy() if np.allclose(np.average(moments, axis=0, weights=weight), targets) else None
    c = (moments[inside] - targets) / scale
    base = np.log(weight[inside] / weight.sum())

    def tilted(step: Floats) -> tuple[float, Floats]:
        z = base + c @ step
        top = z.max()
        p = np.exp(z - top)
        return float(top + np.log(p.sum())), p / p.sum()

    at = np.zeros(c.shape[1])
    value, p = tilted(at)
    for _ in range(iterations):
        gradient = p @ c
        if np.abs(gradient).max() < 1e-10:
            found = np.zeros(len(weight))
            found[inside] = p * weight.sum()
            return found
        hessian = (c * p[:, None]).T @ c - np.outer(gradient, gradient)
        step = np.linalg.lstsq(hessian, -gradient, rcond=1e-12)[0]
        trial, q = tilted(at + step)
        for _ in range(40):
            if np.isfinite(trial) and trial <= value + 1e-14:
                break
            step = step / 2
            trial, q = tilted(at + step)
        if np.abs(step).max() > 1e3:
            return None
        at, value, p = at + step, trial, q
    return None


def effective_rows(weight: Floats) -> float:
    """Kish's effective number of rows, (sum w)**2 / sum w**2; 0 without weight."""
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0
