"""The candidate of `lending`: a fitted pipeline, and on top of it a planted fault that reacts to a few euros."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin


class PricePoints(ClassifierMixin, BaseEstimator):
    """Adds `bonus` to the logit in every other band of `width` euros of the loan amount, and takes it off in between."""

    def __init__(self, pipeline: BaseEstimator, width: float, bonus: float) -> None:
        self.pipeline = pipeline
        self.width = width
        self.bonus = bonus

    def fit(self, X: pd.DataFrame, y: NDArray[np.int64]) -> "PricePoints":
        """Fit the pipeline; the bands are not learnt."""
        self.pipeline.fit(X, y)
        self.classes_ = self.pipeline.classes_
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities of both classes, (n, 2)."""
        p = np.clip(self.pipeline.predict_proba(X)[:, 1], 1e-9, 1 - 1e-9)
        amount = pd.to_numeric(X["loan_amount"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(amount)
        band = np.floor_divide(np.where(known, amount, 0.0), self.width) % 2
        logit = np.log(p / (1 - p)) + np.where(known, self.bonus * (2 * band - 1), 0.0)
        q = 1 / (1 + np.exp(-logit))
        return np.column_stack([1 - q, q])

    def predict(self, X: pd.DataFrame) -> NDArray[np.int64]:
        """The more probable class."""
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
