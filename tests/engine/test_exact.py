"""Exact attributions: those of the user's own model behind the wall, or none at all."""

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures

from tests.checks.performance_cases import BINARY, REGRESSION, batch_of, grid_of, sound
from validators.core.data import CANDIDATE, PRIOR, Task
from validators.engine.attributions import attribute
from validators.engine.exact import Exact, exact_values
from validators.models.client import open_model
from validators.stats.attribution import permutation_shapley

X, Y, P = sound(700)
NUMBERS = X[["age", "income"]]


def encoded(final, *more):
    encode = make_column_transformer((OneHotEncoder(sparse_output=False), ["region", "sex"]), remainder="passthrough")
    return make_pipeline(encode, *more, final)


def boosted(**more):
    return HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=8, **more)


def opened(tmp_path, model, frame=X, y=Y, *, task=BINARY):
    path = tmp_path / "model.joblib"
    joblib.dump(model.fit(frame, y), path)
    return open_model(path, task=task.type, classes=task.classes, positive=task.positive, features=list(frame))


def rows(frame=X, task=BINARY):
    return batch_of(frame, Y, P, grid_of(frame, P, task=task, y=Y))


def test_a_pipeline_is_explained_by_feature_as_asking_it_would(tmp_path):
    """One-hot columns of one feature move together; many sampled permutations come to the same values."""
    with opened(tmp_path, encoded(boosted())) as model:
        batch = rows()
        found = exact_values({CANDIDATE: model}, batch, BINARY, seed=0)
        assert isinstance(found, Exact), found
        both = [X.iloc[:20].reset_index(drop=True), X.reset_index(drop=True)]

        def value(from_row, row, background):
            mixed = pd.DataFrame(
                {
                    c: np.where(from_row[:, j], both[0][c].to_numpy()[row], both[1][c].to_numpy()[background])
                    for j, c in enumerate(X)
                }
            ).astype(X.dtypes)
            return logit(model.predict(mixed))

        halves, _ = permutation_shapley(value, 20, len(X), 4, permutations=60, rng=np.random.default_rng(1))

    mean, spread = halves.mean(axis=0), np.abs(halves[0] - halves[1]).mean()
    assert np.abs(found.phi[CANDIDATE][:20] - mean).mean() < 1.5 * spread
    assert found.residual < 1e-8
    total = found.phi[CANDIDATE].sum(axis=1)
    np.testing.assert_allclose(total - total[0], logit(P_OF(tmp_path)) - logit(P_OF(tmp_path))[0], atol=1e-8)


def P_OF(tmp_path):
    return joblib.load(tmp_path / "model.joblib").predict_proba(X)[:, 1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosted_libraries_and_their_missing_values(tmp_path, library):
    module = pytest.importorskip(library)
    model = (
        module.XGBClassifier(n_estimators=12, max_depth=4)
        if library == "xgboost"
        else module.LGBMClassifier(n_estimators=12, verbose=-1)
    )
    with opened(tmp_path, model, NUMBERS) as held:
        found = exact_values({CANDIDATE: held}, rows(NUMBERS), BINARY, seed=0)
    assert isinstance(found, Exact), found
    assert found.residual < 1e-5


def test_a_forest_of_values_is_exact_in_regression(tmp_path):
    model = make_pipeline(SimpleImputer(), HistGradientBoostingRegressor(max_iter=10))
    with opened(tmp_path, model, NUMBERS, P, task=REGRESSION) as held:
        found = exact_values({CANDIDATE: held}, rows(NUMBERS, REGRESSION), REGRESSION, seed=0)
    assert isinstance(found, Exact), found


WRONG = {
    "average of probabilities": (RandomForestClassifier(5, max_depth=4), "cannot be read"),
    "calibrated after": (CalibratedClassifierCV(boosted(), cv=2), "cannot be read"),
    "columns of two features": (make_pipeline(SimpleImputer(), PolynomialFeatures(2), boosted()), "several features"),
    "categories": (boosted(categorical_features=[0]), "cannot be read"),
    "another link": (HistGradientBoostingRegressor(loss="poisson", max_iter=10), "own scores"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_add_up_is_refused_with_the_reason(tmp_path, name):
    model, reason = WRONG[name]
    task, y = (REGRESSION, P) if name == "another link" else (BINARY, Y)
    frame = NUMBERS.fillna(20)
    with opened(tmp_path, model, frame, y, task=task) as held:
        found = exact_values({CANDIDATE: held}, rows(frame, task), task, seed=0)
    assert isinstance(found, str)
    assert reason in found


def test_trees_that_would_take_long_are_sampled(tmp_path):
    model = make_pipeline(SimpleImputer(), RandomForestRegressor(120, min_samples_leaf=1, random_state=0))
    with opened(tmp_path, model, NUMBERS, P, task=REGRESSION) as held:
        found = exact_values({CANDIDATE: held}, rows(NUMBERS, REGRESSION), REGRESSION, seed=0)
    assert "too many or too deep" in found


def test_one_model_that_cannot_be_read_makes_both_sampled(tmp_path):
    (tmp_path / "b").mkdir()
    with (
        opened(tmp_path, encoded(boosted())) as a,
        opened(tmp_path / "b", make_pipeline(*encoded(LogisticRegression(), SimpleImputer()))) as b,
    ):
        alone = attribute({CANDIDATE: a}, rows(), BINARY, seed=0)
        both = attribute({CANDIDATE: a, PRIOR: b}, rows(), BINARY, seed=0)
    assert alone.method.startswith("exact, from the trees, against 700 rows; log-odds")
    assert "antithetic" in both.method
    assert "LogisticRegression is no ensemble" in both.method
    near = np.abs(np.subtract(*[[h.shares(CANDIDATE)[f] for f in X] for h in (alone, both)]))
    assert near.max() < 0.03


def test_a_worker_that_lies_about_its_trees_is_not_believed(tmp_path):
    class Liar:
        def __init__(self, model):
            self.model = model

        def predict(self, frame):
            return self.model.predict(frame)

        def trees(self, frame):
            held = self.model.trees(frame)
            held.ensemble.value[:] = held.ensemble.value[::-1]
            return held

    with opened(tmp_path, encoded(boosted())) as model:
        assert "own scores" in exact_values({CANDIDATE: Liar(model)}, rows(), BINARY, seed=0)


@pytest.mark.parametrize(("favourable", "explained"), [(None, "b"), ("a", "a")])
def test_of_several_classes_the_favourable_one_is_explained_or_the_most_frequent(favourable, explained):
    class Three:
        def predict(self, X):
            up = np.where(X["age"] > X["age"].median(), 0.5, 0.2)
            return np.column_stack([up, 0.8 - up, np.full(len(X), 0.2)])

    task = Task(type="multiclass", target="y", classes=("a", "b", "c"), favourable=favourable)
    frame, y = NUMBERS.iloc[:60], np.repeat([0.0, 1.0, 2.0], [15, 30, 15])
    scores = Three().predict(frame)
    batch = batch_of(frame, y, scores, grid_of(frame, scores, task=task, y=y))
    held = attribute({CANDIDATE: Three()}, batch, task, seed=0)
    up = frame["age"].to_numpy() > frame["age"].median()

    assert held.method.endswith(f"log-odds of y = {explained}")
    assert (held.phi[CANDIDATE][up, 0].mean() > 0) == (explained == "a")
