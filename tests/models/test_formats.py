"""Every format against its own library on the same rows: scores, order of classes and of features, and what is missing."""

import warnings

import numpy as np
import pandas as pd
import pytest

from validators.core.errors import ModelError
from validators.models.client import open_model

RNG = np.random.default_rng(0)
N = 240
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.integers(0, 9, N), "c": RNG.choice(["x", "y", "z"], N)})
NUMBERS = X[["a", "b"]]
SCORE = X.a + 0.2 * X.b + (X.c == "x")
TWO, THREE = np.where(SCORE > 1, "bad", "good"), np.array(["q", "p", "r"])[np.clip(SCORE, 0, 2).astype(int)]
BACKWARDS = ["c", "b", "a"]


def scored(path, frame, features=None, **task):
    with open_model(path, features=features or list(frame), **task) as held:
        return held.predict(frame)


def refused(path, frame, **task):
    with pytest.raises(ModelError) as caught:
        scored(path, frame, **task)
    return str(caught.value)


@pytest.fixture(scope="module")
def catboost():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import catboost
    return catboost


def boosted(kind, path, frame, y, **more):
    """A CatBoost model, fitted and saved."""
    model = kind(iterations=10, depth=3, verbose=False, allow_writing_files=False, thread_count=1, **more).fit(frame, y)
    model.save_model(str(path))
    return model


BINARY = {"task": "binary", "classes": ("good", "bad"), "positive": "good"}


@pytest.mark.parametrize("positive", ["good", "bad"])
def test_catboost_with_categories_scores_the_positive_class_in_any_order_of_features(tmp_path, catboost, positive):
    model = boosted(catboost.CatBoostClassifier, tmp_path / "m.cbm", X, TWO, cat_features=["c"])
    theirs = model.predict_proba(X)[:, list(model.classes_).index(positive)]

    for order in (list(X), BACKWARDS):
        ours = scored(tmp_path / "m.cbm", X, order, **{**BINARY, "positive": positive})
        np.testing.assert_array_equal(ours, theirs)


def test_catboost_multiclass_scores_come_in_the_order_that_is_asked_for(tmp_path, catboost):
    model = boosted(catboost.CatBoostClassifier, tmp_path / "m.cbm", X, THREE, cat_features=["c"])

    ours = scored(tmp_path / "m.cbm", X, task="multiclass", classes=("r", "p", "q"))
    np.testing.assert_array_equal(ours, model.predict_proba(X)[:, [2, 0, 1]])


@pytest.mark.parametrize("loss", ["RMSE", "Poisson", "RMSEWithUncertainty"])
def test_catboost_values_are_on_the_scale_of_its_own_regressor(tmp_path, catboost, loss):
    model = boosted(catboost.CatBoostRegressor, tmp_path / "m.cbm", X, X.b, cat_features=["c"], loss_function=loss)
    theirs = np.asarray(model.predict(X))

    ours = scored(tmp_path / "m.cbm", X, task="regression")
    np.testing.assert_array_equal(ours, theirs if theirs.ndim == 1 else theirs[:, 0])


def test_catboost_tells_its_classes_features_and_level(tmp_path, catboost):
    boosted(catboost.CatBoostClassifier, tmp_path / "m.cbm", X, np.where(TWO == "bad", 1, 0), cat_features=["c"])

    with open_model(tmp_path / "m.cbm", task="binary", positive=1) as held:
        told = held.description
    assert (told.classes, told.features, told.isolation, told.format) == ((0, 1), ("a", "b", "c"), "full", "cbm")
    assert dict(told.libraries)["catboost"] == catboost.__version__


def test_catboost_refuses_by_name_what_it_cannot_score(tmp_path, catboost):
    path = tmp_path / "m.cbm"
    boosted(catboost.CatBoostClassifier, path, X, TWO, cat_features=["c"])

    assert "no column 'b'" in refused(path, X[["a", "c"]], **BINARY)
    assert "'c' has missing values" in refused(path, X.assign(c=X.c.where(X.index > 9, None)), **BINARY)
    assert "knows no class 'fine'" in refused(path, X, **{**BINARY, "positive": "fine"})
    assert "is a classifier" in refused(path, X, task="regression")
    boosted(catboost.CatBoostRegressor, path, NUMBERS, SCORE)
    assert "no classifier" in refused(path, NUMBERS, **BINARY)


def test_catboost_takes_whole_numbers_of_any_type_for_categories(tmp_path, catboost):
    model = boosted(catboost.CatBoostClassifier, tmp_path / "m.cbm", X, TWO, cat_features=["b", "c"])
    theirs = model.predict_proba(X)[:, 1]

    for kind in ("float64", "int8", "Int64", "str"):
        np.testing.assert_array_equal(scored(tmp_path / "m.cbm", X.assign(b=X.b.astype(kind)), **BINARY), theirs)


def test_models_of_bare_arrays_take_columns_by_place(tmp_path, catboost):
    model = boosted(catboost.CatBoostClassifier, tmp_path / "m.cbm", NUMBERS.to_numpy(), TWO)

    np.testing.assert_array_equal(scored(tmp_path / "m.cbm", NUMBERS, **BINARY), model.predict_proba(NUMBERS)[:, 1])
    assert "2 columns without names, and the rows have 1" in refused(tmp_path / "m.cbm", X[["a"]], **BINARY)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_boosters_fitted_on_categories_take_them_as_text(tmp_path, library):
    category = X.assign(c=X.c.astype("category"))
    if library == "lightgbm":
        from lightgbm import LGBMClassifier

        model = LGBMClassifier(n_estimators=6, n_jobs=1, verbose=-1, min_child_samples=5).fit(category, TWO == "bad")
        model.booster_.save_model(path := tmp_path / "m.txt")
    else:
        from xgboost import XGBClassifier

        model = XGBClassifier(n_estimators=6, n_jobs=1, enable_categorical=True).fit(category, TWO == "bad")
        model.get_booster().save_model(path := tmp_path / "m.ubj")
    theirs = model.predict_proba(category)[:, 1]

    few = X[X.c != "x"]  # other codes, had the levels been counted anew
    for order in (list(X), BACKWARDS):
        ours = scored(path, few, order, task="binary", positive=1)
        np.testing.assert_allclose(ours, theirs[few.index], atol=1e-7)
    assert "no column 'b'" in refused(path, X[["a", "c"]], task="binary", positive=1)


def test_scikit_learn_models_get_their_columns_in_their_own_order(tmp_path):
    import joblib
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(NUMBERS, TWO)
    joblib.dump(model, tmp_path / "m.joblib")

    ours = scored(tmp_path / "m.joblib", NUMBERS, ["b", "a"], **BINARY)
    np.testing.assert_array_equal(ours, model.predict_proba(NUMBERS)[:, 1])
    assert "no column 'b'" in refused(tmp_path / "m.joblib", X[["a"]], **BINARY)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".txt", ".joblib"])
def test_names_with_spaces_are_found_though_lightgbm_writes_them_otherwise(tmp_path, suffix):
    import joblib
    from lightgbm import LGBMClassifier

    frame = NUMBERS.set_axis(["an income", "b"], axis=1)
    model = LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1).fit(frame, TWO == "bad")
    path = tmp_path / f"m{suffix}"
    joblib.dump(model, path) if suffix == ".joblib" else model.booster_.save_model(path)

    ours = scored(path, frame, ["b", "an income"], task="binary", positive=1)
    np.testing.assert_allclose(ours, model.predict_proba(frame)[:, 1], atol=1e-12)
