"""How far several quantities say together what one of them says."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FLAT = 1e-9


def variance_inflation(correlations: Floats) -> Floats:
    """(p,) 1 / (1 - R2) of each quantity on all the others: the diagonal of the inverse of their (p, p) correlations.

    Infinite where the others give it exactly, so that its part in a direction without spread (an eigenvalue below 1e-9, as
    correlations over pairs with gaps can have it negative) is not 0. Those that take no part in such a direction keep their value.

    References
    ----------
    Marquardt (1970), Technometrics 12, 591-612; Belsley, Kuh & Welsch (1980), Regression diagnostics, 3.

    Examples
    --------
    >>> variance_inflation(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4).tolist()
    [1.5625, 1.5625]
    """
    spread, direction = np.linalg.eigh(correlations)
    part = direction**2
    flat = spread <= FLAT
    found = (part[:, ~flat] / spread[~flat]).sum(axis=1)
    return np.asarray(np.where((part[:, flat] > FLAT).any(axis=1), np.inf, found))
