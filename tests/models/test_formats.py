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

    b = X.b.astype(float).astype("category")
    np.testing.assert_array_equal(scored(tmp_path / "m.cbm", X.assign(b=b), **BINARY), theirs)
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


K = RNG.choice([10, 20, 30, 40], N)
LEVELS = pd.DataFrame({"a": X.a, "k": K, "n": K // 10 - 1, "own": RNG.random(N) > 0.5})
HIGH = (np.isin(K, [10, 30]) + LEVELS.own + RNG.normal(0, 0.4, N) > 0.9).astype(int)


def kept(library, frame, path):
    """A small model of a library, fitted on a frame, kept in its own format or as .joblib."""
    import joblib

    if library == "lightgbm":
        from lightgbm import LGBMClassifier

        model = LGBMClassifier(
            n_estimators=8, n_jobs=1, verbose=-1, min_child_samples=5, min_data_per_group=5, cat_smooth=1
        )
        booster = model.fit(frame, HIGH).booster_
    else:
        from xgboost import XGBClassifier

        booster = (
            model := XGBClassifier(n_estimators=8, n_jobs=1, enable_categorical=True).fit(frame, HIGH)
        ).get_booster()
    joblib.dump(model, path) if path.suffix == ".joblib" else booster.save_model(path)
    return model


PATHS = [("lightgbm", "m.txt"), ("lightgbm", "m.joblib"), ("xgboost", "m.ubj"), ("xgboost", "m.joblib")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "name"), PATHS)
def test_boosters_get_booleans_with_gaps_as_they_were_fitted_on_them(tmp_path, library, name):
    gaps = np.arange(N) % 7 == 0
    nullable = LEVELS.assign(own=LEVELS.own.astype("boolean").mask(gaps))
    model = kept(library, nullable, tmp_path / name)

    objects = LEVELS.assign(own=LEVELS.own.astype(object).where(~gaps, None))  # as they come out of a file
    with open_model(tmp_path / name, features=list(objects), task="binary", positive=1) as held:
        for frame in (objects, objects[gaps]):
            theirs = model.predict_proba(nullable)[frame.index, 1]
            np.testing.assert_allclose(held.predict(frame), theirs, atol=1e-7)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "name"), PATHS)
def test_boosters_fitted_on_categories_of_numbers_take_them_in_any_type(tmp_path, library, name):
    """As plain numbers they were taken for codes (XGBoost: other scores) or refused (LightGBM)."""
    category = LEVELS.assign(k=LEVELS.k.astype("category"))
    model = kept(library, category, tmp_path / name)

    few = LEVELS.k != 10
    with_gaps = model.predict_proba(category.assign(k=category.k.where(few)))[:, 1]
    with open_model(tmp_path / name, features=list(LEVELS), task="binary", positive=1) as held:
        for kind in ("int64", "float64", "int8", "str", "category"):
            ours = held.predict(LEVELS.assign(k=LEVELS.k.astype(kind))[few])
            np.testing.assert_allclose(ours, model.predict_proba(category)[few, 1], atol=1e-7)
        np.testing.assert_allclose(held.predict(LEVELS.assign(k=LEVELS.k.where(few))), with_gaps, atol=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_levels_that_a_booster_does_not_know_are_missing_to_lightgbm_and_refused_by_xgboost(tmp_path):
    category = LEVELS.assign(k=LEVELS.k.astype("category"))
    model = kept("lightgbm", category, tmp_path / "m.txt")
    kept("xgboost", category, tmp_path / "m.ubj")

    ours = scored(tmp_path / "m.txt", LEVELS.assign(k=99), task="binary", positive=1)
    theirs = model.predict_proba(category.assign(k=pd.Categorical([None] * N, category.k.cat.categories)))[:, 1]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert "'k' holds '99', which is none" in refused(
        tmp_path / "m.ubj", LEVELS.assign(k=99), task="binary", positive=1
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "name"), PATHS)
def test_numbers_where_a_booster_was_fitted_on_text_are_refused(tmp_path, library, name):
    kept(library, LEVELS.assign(k=LEVELS.k.astype(str).astype("category")), tmp_path / name)

    assert "'k' holds numbers" in refused(tmp_path / name, LEVELS, task="binary", positive=1)


@pytest.mark.filterwarnings("ignore")
def test_lightgbm_categories_without_names_find_their_columns_or_are_refused(tmp_path):
    ordered = pd.CategoricalDtype([0, 1, 2, 3], ordered=True)
    frame = LEVELS.assign(k=LEVELS.k.astype("category"), n=LEVELS.n.astype(ordered))
    model = kept("lightgbm", frame, tmp_path / "m.txt")
    twin = frame.assign(n2=RNG.permutation(LEVELS.n))  # an ordered category, or a number like it?
    two = kept("lightgbm", twin, tmp_path / "two.txt")
    plain = LEVELS.assign(n2=twin.n2)

    ours = scored(tmp_path / "m.txt", LEVELS, task="binary", positive=1)
    np.testing.assert_allclose(ours, model.predict_proba(frame)[:, 1], atol=1e-12)
    assert "without the names of their columns" in refused(tmp_path / "two.txt", plain, task="binary", positive=1)
    ours = scored(tmp_path / "two.txt", plain.astype({"k": str, "n": str}), task="binary", positive=1)
    np.testing.assert_allclose(ours, two.predict_proba(twin)[:, 1], atol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_an_xgboost_model_that_does_not_tell_its_codes_is_refused(tmp_path):
    import xgboost

    codes = np.column_stack([LEVELS.a, LEVELS.n])
    rows = xgboost.DMatrix(codes, HIGH, feature_names=["a", "k"], feature_types=["q", "c"], enable_categorical=True)
    xgboost.train({"objective": "binary:logistic"}, rows, 3).save_model(tmp_path / "m.ubj")

    told = refused(tmp_path / "m.ubj", LEVELS[["a", "k"]], task="binary", positive=1)
    assert "'k' is a category to the model" in told
    assert "fit it again with XGBoost 3.1" in told


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
