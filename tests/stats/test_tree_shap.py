"""Exact Shapley values of trees: against enumeration of coalitions, and against shap."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor

from validators.confined.worker.flat_trees import ensemble
from validators.stats.tree_shap import Ensemble, interventional_shapley, raw_scores

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 5))
Y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2]) + (X[:, 3] > 0.3) * X[:, 0] + 0.1 * RNG.normal(size=400)
GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)


def enumerated(value, n, d):
    """Shapley values of a game of d players, coalition by coalition."""
    phi = np.zeros((n, d))
    for j in range(d):
        others = [i for i in range(d) if i != j]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for coalition in combinations(others, size):
                phi[:, j] += weight * (value({*coalition, j}) - value(set(coalition)))
    return phi


def by_model(predict, rows, background, player):
    def value(coalition):
        ours = np.isin(player, list(coalition))
        return np.array([predict(np.where(ours, row, background)).mean() for row in rows])

    return value


MODELS = {
    "hist": HistGradientBoostingRegressor(max_iter=12, max_leaf_nodes=12, min_samples_leaf=8),
    "boosted": GradientBoostingRegressor(n_estimators=10, max_depth=4, random_state=0),
    "forest": RandomForestRegressor(n_estimators=5, max_depth=7, random_state=0),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("player", [[0, 1, 2, 3, 4], [0, 1, 1, 2, 0]], ids=["single", "grouped"])
def test_values_are_those_of_every_coalition_asked_of_the_model(name, player):
    data = X if name == "boosted" else GAPS
    model = MODELS[name].fit(data, Y)
    trees = Ensemble(**ensemble(model))
    rows, background = data[:4], data[100:110]

    theirs = enumerated(by_model(model.predict, rows, background, np.array(player)), 4, max(player) + 1)

    np.testing.assert_allclose(
        interventional_shapley(trees, rows, background, player, max(player) + 1), theirs, atol=1e-10
    )
    gap = model.predict(data[:50]) - raw_scores(trees, data[:50])
    np.testing.assert_allclose(gap, gap[0], atol=1e-10)


@pytest.mark.filterwarnings("ignore")
def test_values_agree_with_shap_on_xgboost():
    import shap
    from xgboost import XGBRegressor

    single = X.astype(np.float32).astype(float)  # shap does not round rows to float32 as XGBoost does
    model = XGBRegressor(n_estimators=20, max_depth=5, n_jobs=1).fit(single, Y)
    trees = Ensemble(**ensemble(model))
    theirs = shap.TreeExplainer(model, single[:60], feature_perturbation="interventional").shap_values(single[100:130])

    ours = interventional_shapley(trees, single[100:130], single[:60], range(5), 5)

    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_lightgbm_missing_values_go_where_it_sends_them():
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRegressor(n_estimators=15, num_leaves=15, min_child_samples=8, verbose=-1, n_jobs=1).fit(
        GAPS, Y
    )
    trees = Ensemble(**ensemble(model))
    rows, background = GAPS[:5], GAPS[50:65]

    theirs = enumerated(by_model(model.predict, rows, background, np.arange(5)), 5, 5)

    np.testing.assert_allclose(interventional_shapley(trees, rows, background, range(5), 5), theirs, atol=1e-10)


def test_values_of_a_row_sum_to_its_score_less_that_of_the_background():
    trees = Ensemble(**ensemble(MODELS["hist"].fit(X, Y)))
    phi = interventional_shapley(trees, X[:40], X[40:], range(5), 5)
    np.testing.assert_allclose(
        phi.sum(axis=1), raw_scores(trees, X[:40]) - raw_scores(trees, X[40:]).mean(), atol=1e-12
    )


def test_a_feature_that_no_tree_asks_for_has_no_value():
    trees = Ensemble(**ensemble(MODELS["hist"].fit(np.column_stack([X[:, :3], np.zeros((400, 2))]), Y)))
    phi = interventional_shapley(trees, X[:40], X[40:], range(5), 5)
    assert (phi[:, 3:] == 0).all()
    assert np.abs(phi[:, :3]).min(axis=0).max() > 0
