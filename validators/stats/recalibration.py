"""How expectations meet outcomes: the line through them, the isotonic parts of a loss, and binned errors less their noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

Floats = NDArray[np.float64]
CLIP = 1e-6
_STEPS, _TOLERANCE, _FARTHEST = 50, 1e-9, 50.0


@dataclass(frozen=True, slots=True)
class Line:
    """Intercept and slope."""

    intercept: float
    slope: float


def logits(probability: Floats) -> Floats:
    """Log-odds, with probabilities clipped to [1e-6, 1 - 1e-6] so that certain scores stay finite."""
    return np.asarray(logit(np.clip(probability, CLIP, 1 - CLIP)))


def logistic_line(y_true: Floats, x: Floats, weight: Floats, *, start: Line | None = None) -> Line | None:
    """Maximum-likelihood line of a logistic regression of 0/1 outcomes on x, by Newton's method.

    With x the log-odds of a model's probabilities, a slope below 1 says that they are too extreme, above 1 too timid
    (Cox 1958, Biometrika 45, 562-565; Van Calster et al. 2019, BMC Medicine 17, 230).

    Returns
    -------
    Line, or None where it does not exist: one class, constant x, or classes that x separates.
    """
    total, positives = float(weight.sum()), float((weight * y_true).sum())
    if not 0 < positives < total or not np.ptp(x[weight > 0]) > 0:
        return None
    a, b = (float(logit(positives / total)), 0.0) if start is None else (start.intercept, start.slope)
    farthest = float(np.abs(x).max())
    for _ in range(_STEPS):
        p = expit(a + b * x)
        residual, v = weight * (y_true - p), weight * p * (1 - p)
        g0, g1 = float(residual.sum()), float((residual * x).sum())
        h00, h01, h11 = float(v.sum()), float((v * x).sum()), float((v * x * x).sum())
        determinant = h00 * h11 - h01 * h01
        if not determinant > 1e-12 * h00 * h11:
            return None
        da, db = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        step = 1.0
        # no curvature changes by more than exp(.5) where log-odds move by at most .5, so a full step must gain
        if abs(da) + abs(db) * farthest > 0.5:
            held = _likelihood(y_true, x, weight, a, b)
            while _likelihood(y_true, x, weight, a + step * da, b + step * db) < held and step > 1e-4:
                step /= 2
        a, b = a + step * da, b + step * db
        if abs(b) > _FARTHEST:
            return None
        if abs(da) + abs(db) < _TOLERANCE * (1 + abs(a) + abs(b)):
            return Line(a, b)
    return None


def least_squares_line(y_true: Floats, x: Floats, weight: Floats) -> Line | None:
    """Weighted least-squares line of outcomes on x; None where x is constant."""
    w = weight / weight.sum() if weight.sum() > 0 else weight
    mx, my = float(w @ x), float(w @ y_true)
    spread = float(w @ (x - mx) ** 2)
    if not spread > 1e-24 * max(mx * mx, 1e-300):
        return None
    slope = float(w @ ((x - mx) * (y_true - my))) / spread
    return Line(my - slope * mx, slope)


@dataclass(frozen=True, slots=True)
class LossParts:
    """Parts of a mean squared loss: it equals miscalibration - discrimination + uncertainty, each at least 0."""

    miscalibration: float
    discrimination: float
    uncertainty: float


def isotonic_parts(y_true: Floats, score: Floats, weight: Floats) -> LossParts | None:
    """CORP decomposition of the mean squared error (Brier score) by isotonic regression; None without weight.

    Source: Dimitriadis, Gneiting & Jordan (2021), PNAS 118(8) e2016191118.
    """
    total = float(weight.sum())
    if not total > 0:
        return None
    values, place = np.unique(score, return_inverse=True)
    w = np.bincount(place, weights=weight, minlength=len(values))
    mean = np.bincount(place, weights=weight * y_true, minlength=len(values))
    kept = w > 0
    fitted = np.zeros(len(values))
    fitted[kept] = isotonic_regression(mean[kept] / w[kept], weights=w[kept]).x
    base = float((weight * y_true).sum()) / total

    def loss(f: Floats | float) -> float:
        return float((weight * (y_true - f) ** 2).sum()) / total

    least, uncertainty = loss(fitted[place]), loss(base)
    return LossParts(max(loss(score) - least, 0.0), max(uncertainty - least, 0.0), uncertainty)


def spiegelhalter_z(y_true: Floats, probability: Floats, weight: Floats) -> float | None:
    """Standard normal where probabilities are calibrated and rows independent; None where no probability can tell.

    Source: Spiegelhalter (1986), Statistics in Medicine 5, 421-433.
    """
    lean = 1 - 2 * probability
    variance = float((weight**2 * lean**2 * probability * (1 - probability)).sum())
    return float((weight * (y_true - probability) * lean).sum()) / variance**0.5 if variance > 0 else None


def equal_mass_bins(score: Floats, weight: Floats, bins: int) -> NDArray[np.int64]:
    """Bin of each row, lowest scores first, each bin with about the same weight; equal scores share a bin."""
    values, place = np.unique(score, return_inverse=True)
    mass = np.bincount(place, weights=weight, minlength=len(values))
    before = np.cumsum(mass) - mass
    total = float(mass.sum())
    middle = (before + mass / 2) / total if total > 0 else before
    code = np.minimum((middle * bins).astype(np.int64), bins - 1)[place]
    return np.asarray(np.unique(code, return_inverse=True)[1], np.int64)


def _likelihood(y_true: Floats, x: Floats, weight: Floats, a: float, b: float) -> float:
    eta = a + b * x
    return float((weight * (y_true * eta - np.logaddexp(0.0, eta))).sum())
