"""Models by hand for the stress checks: sound ones, and one for each fault."""

from contextlib import contextmanager

import numpy as np
from scipy.special import expit

from validators.core.data import CANDIDATE, Role

from .performance_cases import BINARY, batch_of, frame, given_rows, grid_of, measured, truth


class Sound:
    """Scores that hang on the row alone."""

    def logit(self, X):
        return truth(X)

    def predict(self, X):
        return expit(self.logit(X))

    def fitted_statistics(self):
        return []

    def predict_no_rows(self, X):
        pass

    def predict_in_threads(self, X, threads):
        return np.stack([self.predict(X) for _ in range(threads)])

    @contextmanager
    def again(self):
        yield type(self)()

    def usage(self):
        return {"cold_start_ms": 100.0, "peak_memory_mb": 50.0}


def given_of(check, model, X, *, y=None, task=BINARY, options=None, seed=0, train=None, **more):
    """What a check that asks the model is given of some test rows."""
    scores = np.asarray(model.predict(X))
    y = (np.random.default_rng(seed).random(len(X)) < 0.4).astype(float) if y is None else y
    grid = grid_of(X, *np.atleast_2d(scores.T), task=task, y=y)
    rows = {Role.TEST: batch_of(X, y, scores, grid)} | ({} if train is None else {Role.TRAIN: train(grid)})
    return given_rows(check, rows, grid, task, options=options, seed=seed, models={CANDIDATE: model}, **more)


def run(check, model, n=800, seed=0, **more):
    return measured(check, given_of(check, model, frame(n, seed), seed=seed, **more))
