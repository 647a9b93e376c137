"""Scores of rows: asked of the models behind the wall, or read from columns."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data import CANDIDATE, PRIOR
from ..core.errors import DataError
from ..models.client import Model, open_model
from ..models.endpoint import Endpoint
from .places import home
from .settings import endpoint_hosts, limits_of
from .trial import Trial

ROUNDED = float(np.finfo(np.float32).eps)


class Scoring:
    """Open models of a trial, started when first asked; a context manager that ends their processes."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._open: dict[str, Model] = {}

    @property
    def files(self) -> Mapping[str, Path]:
        """Model files by name."""
        p = self._trial.project
        return {name: path for name, path in ((CANDIDATE, p.candidate), (PRIOR, p.prior)) if path is not None}

    def model(self, name: str) -> Model:
        """The live model; raises ModelError when it cannot be loaded."""
        if name not in self._open:
            task = self._trial.task
            self._open[name] = open_model(
                self.files[name],
                task=task.type,
                classes=task.classes,
                positive=task.positive,
                code=self._trial.project.code,
                types=self._trial.project.types,
                features=self._trial.features,
                limits=limits_of(home()),
                allow_unconfined=self._trial.allow_unconfined,
            )
        return self._open[name]

    def endpoint(self) -> Endpoint:
        """What answers at the candidate's address."""
        task, project = self._trial.task, self._trial.project
        return Endpoint(
            project.endpoint or "",
            hosts=endpoint_hosts(home()),
            task=task.type,
            classes=task.classes,
            positive=task.positive,
            own=self.model(CANDIDATE).description.classes,
        )

    def scores(self, frame: pd.DataFrame, only: tuple[str, ...] | None = None) -> dict[str, NDArray[np.float64]]:
        """Per model (n, n_scores), of all models or only of some; raises ModelError when a model raises."""
        columns = self._trial.project.columns
        wanted = self._trial.scorers if only is None else only
        stored = ((CANDIDATE, columns.prediction), (PRIOR, columns.prior_prediction))
        held = {name: _numbers(frame, names) for name, names in stored if names and name in wanted}
        X = frame[list(self._trial.features)]
        for name in self.files:
            if name not in held and name in wanted:
                held[name] = self.model(name).predict(X).reshape(len(frame), -1)
        if self._trial.task.type != "regression":
            held = {name: _within(p) for name, p in held.items()}
        return {name: held[name] for name in wanted}

    def close(self) -> None:
        """End the models' processes."""
        for model in self._open.values():
            model.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _within(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities, of which rounding may leave some a step of single precision below 0 or above 1."""
    return np.where((p >= -ROUNDED) & (p <= 1 + ROUNDED), np.clip(p, 0, 1), p)


def _numbers(frame: pd.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    missing = [n for n in names if n not in frame]
    if missing:
        raise DataError(
            f"no column {missing[0]!r} with predictions in this role; it has {', '.join(map(str, frame.columns[:12]))}"
        )
    return np.column_stack([pd.to_numeric(frame[n], errors="coerce").to_numpy(np.float64) for n in names])
