"""Shapley values of the same rows under several models, as checks are given them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributions:
    """Shapley values of the same rows under each model.

    `phi` holds (n, d) per model. `groups` partitions the features; members of a group stand in for each other.
    `unit` (n,) is the hash of what makes rows dependent; `residual` is the largest additivity error against the user's own model.
    `method` says in words how the values were found, and on which scale. `before` are the shares of the features under the candidate on
    rows that were there before the test, where those could be asked: a feature that broke since moves no score of the test.
    `apart` (n, d) per model is half the difference of two independent estimates whose mean is `phi`; empty where values are exact.
    """

    features: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    phi: Mapping[str, NDArray[np.float64]]
    X: pd.DataFrame
    unit: NDArray[np.uint64]
    weight: NDArray[np.int64]
    residual: float
    method: str = ""
    before: Mapping[str, float] = field(default_factory=dict)
    apart: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def sizes(
        self, model: str, members: Sequence[Sequence[str]], keep: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Mean absolute attribution of each set of features; attributions of a set add up before the absolute value is taken."""
        index = {name: j for j, name in enumerate(self.features)}
        weight = self.weight.astype(np.float64) * (1.0 if keep is None else keep)
        phi = self.phi[model]
        summed = np.column_stack([phi[:, [index[n] for n in names]].sum(axis=1) for names in members])
        total = float(weight.sum())
        return (
            np.asarray((weight[:, None] * np.abs(summed)).sum(axis=0) / total)
            if total > 0
            else np.full(len(members), np.nan)
        )

    def shares(self, model: str) -> dict[str, float]:
        """Share of each feature in the sum of their sizes; all zero for a constant model."""
        size = self.sizes(model, [[f] for f in self.features])
        total = float(size.sum())
        return dict(zip(self.features, (size / total if total > 0 else size).tolist(), strict=True))
