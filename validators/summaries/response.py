"""Individual response curves: the score of a row as one feature of it runs over the values that occur."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import Task
from ..core.models import Model
from .reactions import ask, with_column

Floats = NDArray[np.float64]
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """(n, points) values of the feature, ascending, their level in its distribution (0 to 1), and the scores there."""

    values: Floats
    level: Floats
    scores: Floats


def response_curves(model: Model, X: pd.DataFrame, name: str, *, points: int, column: int = 0) -> Curves | None:
    """Curves of one column of the scores over the quantiles of a numeric feature; None where it has fewer than two values.

    Row i gets the levels (k + u_i) / points, u_i evenly spread over the rows, so that together they leave no gap wider than
    1 / (rows x points) of the distribution: a local bump that a common grid steps over is hit by some rows.
    """
    known = X[name].to_numpy(np.float64, na_value=np.nan)
    pool = np.sort(known[np.isfinite(known)])
    if not len(pool) or pool[0] == pool[-1]:
        return None
    offset = (np.arange(len(X)) + 0.5) * GOLDEN % 1.0
    level = (np.arange(points)[None] + offset[:, None]) / points
    values = pool[np.minimum((level * len(pool)).astype(np.int64), len(pool) - 1)]
    stacked = X.iloc[np.repeat(np.arange(len(X)), points)].reset_index(drop=True)
    scores = ask(model, with_column(stacked, name, values.ravel()))[:, column]
    return Curves(values=values, level=level, scores=scores.reshape(level.shape))


def close_enough(scores: Floats, task: Task) -> float:
    """Changes of a score that are taken for none: a millionth of a probability, of the standard deviation in regression."""
    finite = scores[np.isfinite(scores)]
    return 1e-6 * (float(finite.std()) if task.type == "regression" and len(finite) else 1.0)
