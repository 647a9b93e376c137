"""Label noise: how many labels of one sample are wrong, told by probabilities learnt from it and the labels of another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def noise_terms(p: Floats, y: NDArray[np.int64]) -> Floats:
    """(n, 2) per row: p_y - sum of p_k**2, and sum of (p_k - 1/K)**2; their means are what `noise_rate` takes.

    Parameters
    ----------
    p : (n, K)
        Probabilities that were learnt from the noisy labels, each row without its own label.
    y : (n,)
        Index of the label.
    """
    k = p.shape[1]
    own = p[np.arange(len(p)), y]
    return np.column_stack([own - (p**2).sum(axis=1), ((p - 1 / k) ** 2).sum(axis=1)])


def noise_rate(gain: Floats, spread: Floats, classes: int) -> Floats:
    """Share e of labels that were replaced by another class at random.

    Calibrated probabilities learnt from such labels are p = q c + (1 - c) / K with q the clean ones and c = 1 - e K / (K - 1). On rows
    with clean labels the first term of `noise_terms` has mean c (1 - c) S and the second c**2 S, with S the mean of sum of (q_k - 1/K)**2.
    Hence with r = gain / spread, c = 1 / (1 + r) and e = (K - 1) / K r / (1 + r).

    Parameters
    ----------
    gain : (...)
        Mean first term on rows with clean labels, minus that on the noisy rows themselves (0 for calibrated probabilities).
    spread : (...)
        Mean second term on the clean rows.

    Returns
    -------
    (...) between -inf and (K - 1) / K; below 0 where the second sample is the noisier one, NaN where the probabilities are constant
    or r is -1 or below.

    Notes
    -----
    Symmetric noise as in Natarajan, Dhillon, Ravikumar & Tewari (2013), NeurIPS 26, 1196-1204; the estimator is our own, and is tested
    against simulation.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(spread > 0, gain / spread, np.nan)
        return np.asarray(np.where(r > -1, (classes - 1) / classes * r / (1 + r), np.nan))


@dataclass(frozen=True, slots=True)
class Suspects:
    """Rows whose label confident learning doubts, and the class that each more probably has."""

    rows: NDArray[np.bool_]
    other: NDArray[np.int64]


def confident_suspects(p: Floats, y: NDArray[np.int64]) -> Suspects:
    """Rows that are confidently of another class than their label says.

    The threshold of a class is the mean probability that the rows with its label have for it; a row counts for the most probable
    of the classes whose thresholds it reaches. Classes without rows are never suspected. Source: Northcutt, Jiang & Chuang (2021), Journal
    of Artificial Intelligence Research 70, 1373-1411, equations 1 and 2.

    Parameters
    ----------
    p : (n, K)
        Out-of-sample probabilities.
    y : (n,)
        Labels as they are.
    """
    k = p.shape[1]
    counts = np.bincount(y, minlength=k)
    sums = np.bincount(y, weights=p[np.arange(len(p)), y], minlength=k)
    threshold = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    reached = np.where(p >= threshold, p, -1.0)
    other = reached.argmax(axis=1)
    return Suspects((reached.max(axis=1) >= 0) & (other != y), other)
