"""Gaps reach a model as it was fitted on them, whatever a file makes of them."""

import joblib
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder
from xgboost import XGBClassifier

from validators.io.tables import read_frame
from validators.models.client import open_model

N = 600
RNG = np.random.default_rng(3)
GAP = RNG.random(N) < 0.2
Y = (RNG.random(N) < np.where(GAP, 0.8, 0.3)).astype(int)
WORDS = pd.Series(RNG.choice(["a", "b", "c"], N)).astype(object)
TRUE = pd.Series(RNG.random(N) < 0.4).astype(object)
ONE_HOT = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
COLUMNS = {
    "text, None": WORDS.where(~GAP, None),
    "text, NaN": WORDS.where(~GAP, np.nan),
    "text": WORDS.where(~GAP, None).astype("str"),
    "true, None": TRUE.where(~GAP, None),
    "true, NaN": TRUE.where(~GAP, np.nan),
    "true, NA": TRUE.astype("boolean").mask(GAP),
}
ENCODERS = {
    "one-hot": ONE_HOT,
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder(),
    "imputed": make_pipeline(SimpleImputer(strategy="most_frequent"), ONE_HOT),
    "imputed, None": make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), ONE_HOT),
}


@pytest.mark.parametrize("encoder", list(ENCODERS))
def test_an_encoder_gets_the_gaps_that_it_was_fitted_on(tmp_path, encoder):
    names = [c for c in COLUMNS if encoder != "imputed, None" or c.endswith("None")]
    X = pd.DataFrame({c: COLUMNS[c] for c in names} | {"x": np.random.default_rng(4).normal(size=N)})
    each = [(clone(ENCODERS[encoder]), [c]) for c in names]
    chosen = make_column_transformer(*each, remainder="passthrough")
    model = make_pipeline(chosen, HistGradientBoostingClassifier(max_iter=10, max_features=0.5, random_state=0)).fit(
        X, Y
    )
    joblib.dump(model, tmp_path / "model.joblib")
    X.to_parquet(tmp_path / "rows.parquet")
    asked, theirs = read_frame(tmp_path / "rows.parquet"), model.predict_proba(X)[:, 1]
    assert len(np.unique(theirs)) > 20

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(asked), theirs, atol=1e-12)
        np.testing.assert_allclose(held.predict(asked[GAP].head(3)), theirs[GAP][:3], atol=1e-12)  # nothing but gaps


def test_a_column_with_gaps_may_be_called_self(tmp_path):
    """It was an argument given twice."""
    X = pd.DataFrame({"self": COLUMNS["text, None"], "x": RNG.normal(size=N)})
    model = make_pipeline(
        make_column_transformer((clone(ONE_HOT), ["self"]), remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=5),
    )
    joblib.dump(model.fit(X, Y), tmp_path / "model.joblib")

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(X), model.predict_proba(X)[:, 1], atol=1e-12)


def test_a_model_that_saw_no_gaps_gets_them_as_they_come(tmp_path):
    X = pd.DataFrame({"held": WORDS, "x": RNG.normal(size=N)})
    model = make_pipeline(
        make_column_transformer((ONE_HOT, ["held"]), remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=5),
    )
    joblib.dump(model.fit(X, Y), tmp_path / "model.joblib")

    asked = X.assign(held=COLUMNS["text, None"])
    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(asked), model.predict_proba(asked)[:, 1], atol=1e-12)


CODED = {k: v for k, v in ENCODERS.items() if k in ("one-hot", "ordinal", "imputed")}


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("encoder", list(CODED))
def test_a_code_of_a_csv_is_the_number_that_the_encoder_was_fitted_on(tmp_path, encoder, gap):
    """pandas read 00501 as 501 for the fit, and the text was an unknown level: an area of .930 became .541."""
    code = pd.Series(RNG.choice(["00501", "02139", "10001", "60601"], N)).where(~(GAP & gap), None)
    pd.DataFrame({"code": code, "x": RNG.normal(size=N)}).to_csv(tmp_path / "rows.csv", index=False)
    X, asked = pd.read_csv(tmp_path / "rows.csv"), read_frame(tmp_path / "rows.csv")
    chosen = make_column_transformer((clone(CODED[encoder]), ["code"]), remainder="passthrough")
    y = (RNG.random(N) < np.where(X.code < 5000, 0.8, 0.2)).astype(int)
    model = make_pipeline(chosen, HistGradientBoostingClassifier(max_iter=5)).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")

    assert asked.code.dropna().str.len().eq(5).all()
    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(asked), model.predict_proba(X)[:, 1], atol=1e-12)


def test_a_code_among_whose_numbers_gaps_were_none_keeps_both(tmp_path):
    code = pd.Series(RNG.choice(["00501", "02139", "10001", "60601"], N)).where(~GAP, None)
    pd.DataFrame({"code": code, "x": RNG.normal(size=N)}).to_csv(tmp_path / "rows.csv", index=False)
    X, asked = pd.read_csv(tmp_path / "rows.csv"), read_frame(tmp_path / "rows.csv")
    X = X.assign(code=X.code.astype(object).where(~GAP, None))
    chosen = make_column_transformer((clone(ONE_HOT), ["code"]), remainder="passthrough")
    y = (RNG.random(N) < np.where(GAP, 0.5, np.where(code < "05000", 0.9, 0.1))).astype(int)
    model = make_pipeline(chosen, HistGradientBoostingClassifier(max_iter=5)).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(asked), model.predict_proba(X)[:, 1], atol=1e-12)


@pytest.mark.parametrize("gap", [False, True])
def test_a_code_beside_a_word_is_the_number_that_the_encoder_was_fitted_on(tmp_path, gap):
    """An imputer of both hands them on as objects, among which the code stayed text: an area of .782 became .640."""
    code = pd.Series(RNG.choice(["00501", "02139", "10001", "60601"], N)).where(~(GAP & gap), None)
    pd.DataFrame({"code": code, "city": WORDS, "x": RNG.normal(size=N)}).to_csv(tmp_path / "rows.csv", index=False)
    X, asked = pd.read_csv(tmp_path / "rows.csv"), read_frame(tmp_path / "rows.csv")
    chosen = make_column_transformer((clone(ENCODERS["imputed"]), ["code", "city"]), remainder="passthrough")
    y = (RNG.random(N) < np.where(X.code < 5000, 0.8, 0.2)).astype(int)
    model = make_pipeline(chosen, HistGradientBoostingClassifier(max_iter=5)).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=1) as held:
        np.testing.assert_allclose(held.predict(asked), model.predict_proba(X)[:, 1], atol=1e-12)


@pytest.mark.parametrize("encoder", list(CODED))
def test_a_text_that_is_no_code_changes_its_own_row_alone(tmp_path, encoder):
    """One of 16,384 rows took the number of every code among them: the same row scored .873, and .601 beside it."""
    code = pd.Series(RNG.choice(["00501", "02139", "10001"], N)).where(~GAP, None)
    pd.DataFrame({"code": code, "x": RNG.normal(size=N)}).to_csv(tmp_path / "rows.csv", index=False)
    X, asked = pd.read_csv(tmp_path / "rows.csv"), read_frame(tmp_path / "rows.csv")
    chosen = make_column_transformer((clone(CODED[encoder]), ["code"]), remainder="passthrough")
    model = make_pipeline(chosen, HistGradientBoostingClassifier(max_iter=5)).fit(X, X.code.fillna(0) < 600)
    joblib.dump(model, tmp_path / "model.joblib")

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=True) as held:
        found = held.predict(asked.assign(code=asked.code.where(asked.index != 9, "UNK")))
        unknown = held.predict(asked.assign(code=asked.code.where(asked.index != 9, "99999")))
    assert len(np.unique(found)) > 1
    np.testing.assert_allclose(np.delete(found, 9), np.delete(model.predict_proba(X)[:, 1], 9), atol=1e-12)
    np.testing.assert_allclose(found, unknown, atol=1e-12)


@pytest.mark.parametrize(
    "model", [XGBClassifier(n_estimators=3), LGBMClassifier(n_estimators=3, verbose=-1)], ids=["x", "l"]
)
def test_a_code_of_a_csv_is_a_number_to_a_booster_that_was_fitted_on_numbers(tmp_path, model):
    """Both refused the text."""
    code = RNG.choice(["00501", "02139", "10001", "60601"], N)
    pd.DataFrame({"code": code, "x": RNG.normal(size=N)}).to_csv(tmp_path / "rows.csv", index=False)
    X = pd.read_csv(tmp_path / "rows.csv")
    joblib.dump(model.fit(X, (X.code < 5000) ^ (RNG.random(N) < 0.2)), tmp_path / "model.joblib")

    with open_model(tmp_path / "model.joblib", features=list(X), task="binary", positive=True) as held:
        found = held.predict(read_frame(tmp_path / "rows.csv"))
    np.testing.assert_allclose(found, model.predict_proba(X)[:, 1], atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["m.cbm", "m.joblib"])
@pytest.mark.parametrize("fitted_on", [str, int])
def test_a_code_of_a_csv_is_to_catboost_what_it_was_in_the_fit(tmp_path, name, fitted_on):
    """The text 00501 was an unknown level to a model fitted on the number 501: an area of .668, truth .778."""
    from catboost import CatBoostClassifier

    codes = ["00501", "02139", "07030", "10001", "60601"]
    rows = pd.DataFrame({"code": RNG.choice(codes, N), "x": RNG.normal(size=N), "other": RNG.choice(codes, N)})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    X = pd.read_csv(tmp_path / "rows.csv", dtype={"code": fitted_on, "other": str})
    y = (RNG.random(N) < np.where(rows.code < "05000", 0.8, 0.2) * np.where(rows.other < "05000", 1, 0.5)).astype(int)
    model = CatBoostClassifier(
        iterations=20, verbose=False, allow_writing_files=False, thread_count=1, cat_features=["code", "other"]
    ).fit(X, y)
    joblib.dump(model, tmp_path / name) if name == "m.joblib" else model.save_model(tmp_path / name)

    asked, theirs = read_frame(tmp_path / "rows.csv"), model.predict_proba(X)[:, 1]
    assert asked.code.str.len().eq(5).all()
    with open_model(tmp_path / name, features=list(X), task="binary", positive=1) as held:
        one_by_one = [held.predict(asked[k : k + 1])[0] for k in range(5)]
        np.testing.assert_array_equal(held.predict(asked), theirs)
        np.testing.assert_array_equal(one_by_one, theirs[:5])
