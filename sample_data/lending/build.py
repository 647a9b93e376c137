"""Simulates `lending` and plants its faults: `python -m sample_data.lending.build [FOLDER]`. Needs nothing but numpy, pandas,
SciPy, scikit-learn and XGBoost. Every plant is a constant below and a few lines; the rest of the world stands still.
"""

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from xgboost import DMatrix, XGBClassifier

from sample_data.building import Classifier, binary_scores, import_of, table, target_folder, write_measured, write_roles

HERE = Path(__file__).resolve().parent
SEED = 20_240
ROLES = {
    "train": ("2022-01-01", "2023-04-01", 7_000),
    "reference": ("2023-04-01", "2023-09-01", 3_500),
    "test": ("2023-09-01", "2024-02-01", 4_500),
    "production": ("2024-02-01", "2025-01-01", 5_000),
}
NUMERIC = [
    "income", "loan_amount", "term_months", "utilisation", "delinquencies", "inquiries", "employment_months", "bureau_score",
]  # fmt: skip
CATEGORIES = {
    "region": {"south": 0.36, "north": 0.26, "west": 0.20, "east": 0.18},
    "purpose": {"car": 0.32, "business": 0.34, "home": 0.24, "other": 0.10},
}
FEATURES = [*NUMERIC, *CATEGORIES]
PRIOR_UNTIL = "2023-01-01"

WEAK_FROM, WEAK_REVERSAL = "2023-09-01", 0.2  # in the weak slice the risk runs backwards, by this factor
DRIFT_FROM, DRIFT_LOGIT = "2023-09-01", 0.42  # utilisation rises by this much on the logit scale
LATE_SHARE = 0.10  # of the bureau scores were refreshed after the outcome
BAND_WIDTH, BAND_BONUS = 50.0, 0.30  # the candidate's price points, in euros and on the logit scale
DECAY_FROM, DECAY_SHARE = "2024-08-01", 0.6  # of the outcomes no longer follow the applicant
MONTHS = 12.0  # serving computes the yearly income by the month


def in_weak_slice(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """South, business, four years or more."""
    inside = (rows["region"] == "south") & (rows["purpose"] == "business") & (rows["term_months"] >= 48)
    return inside.to_numpy(dtype=bool)


def customers(n_rows: int, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """One row per application, with what belongs to its customer; about a quarter of the customers come again."""
    loans = 1 + rng.poisson(0.32, n_rows)
    index = np.repeat(np.arange(n_rows), loans)[:n_rows]
    people = pd.DataFrame({
        "customer_id": first + np.arange(n_rows),
        "sex": rng.choice(["female", "male"], n_rows, p=[0.48, 0.52]),
        "age": np.clip(rng.gamma(9.0, 4.7, n_rows), 21, 78).astype("int64"),
        "region": rng.choice(list(CATEGORIES["region"]), n_rows, p=list(CATEGORIES["region"].values())),
        "wealth": rng.normal(0, 1, n_rows),
        "strain": rng.normal(0, 1, n_rows),
    })  # fmt: skip
    return people.iloc[index].reset_index(drop=True)


def moments(start: pd.Timestamp | pd.Series, minutes: NDArray[np.generic]) -> pd.Series:
    """Times so many minutes after a start."""
    return pd.Series(start + pd.to_timedelta(minutes, unit="min")).astype("datetime64[ns]")


def applications(role: str, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """The applications of one role, without outcome."""
    start, end, n = ROLES[role]
    rows = customers(n, first, rng)
    span = (pd.Timestamp(end) - pd.Timestamp(start)) // pd.Timedelta(minutes=1)
    rows["applied_at"] = moments(pd.Timestamp(start), rng.integers(0, span, n))
    rows["income"] = (np.exp(10.4 + 0.42 * rows["wealth"] + rng.normal(0, 0.12, n)) / 10).round() * 10
    drift = np.where(rows["applied_at"] >= pd.Timestamp(DRIFT_FROM), DRIFT_LOGIT, 0.0)
    burden = -0.5 + 0.75 * rows["strain"] + rng.normal(0, 0.65, n) + drift
    rows["utilisation"] = (1 / (1 + np.exp(-burden))).round(3)
    rows["delinquencies"] = rng.poisson(np.exp(-1.1 + 0.45 * rows["strain"]))
    rows["inquiries"] = rng.poisson(1.3, n)
    months = np.minimum(rng.gamma(1.8, 45, n), (rows["age"] - 18) * 12)
    rows["employment_months"] = pd.Series(months).round().mask(rng.random(n) < 0.04)
    rows["loan_amount"] = np.clip(np.exp(9.2 + 0.65 * rng.normal(0, 1, n)), 1_000, 60_000).round()
    rows["term_months"] = rng.choice([12, 24, 36, 48, 60], n, p=[0.12, 0.2, 0.26, 0.24, 0.18])
    rows["purpose"] = rng.choice(list(CATEGORIES["purpose"]), n, p=list(CATEGORIES["purpose"].values()))
    return rows


def risk(rows: pd.DataFrame) -> NDArray[np.float64]:
    """The logit of default, before any fault: kinks, steps and an interaction that a line cannot follow. Sex and age do not count."""
    used, wealth = rows["utilisation"], np.log(rows["income"]) - 10.4
    burden = np.log(rows["loan_amount"] / rows["income"]) + 1.2
    effects = (
        -2.75
        + 1.2 * (used - 0.4)
        + 7.5 * np.maximum(used - 0.5, 0)
        - 1.0 * wealth
        - 1.6 * np.minimum(wealth, 0) * (used > 0.45)
        + 1.35 * np.maximum(burden, -0.4)
        + 0.45 * np.minimum(rows["delinquencies"], 3)
        + 0.6 * (rows["inquiries"] >= 3)
        + 0.5 * (rows["employment_months"] < 18)
        + 0.012 * (rows["term_months"] - 36)
        + rows["region"].map({"south": 0.1, "north": 0.0, "west": -0.1, "east": 0.05})
        + rows["purpose"].map({"car": 0.0, "business": 0.15, "home": -0.1, "other": 0.05})
    )
    return effects.to_numpy(dtype=float)


def add_outcome(rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Outcomes, with the weak slice and the decay planted in them, and the bureau score with its leak."""
    eta, n = risk(rows), len(rows)
    followed = eta.copy()
    weak = in_weak_slice(rows) & (rows["applied_at"] >= pd.Timestamp(WEAK_FROM)).to_numpy()
    if weak.any():
        followed[weak] = eta[weak].mean() - WEAK_REVERSAL * (eta[weak] - eta[weak].mean())
    late = (rows["applied_at"] >= pd.Timestamp(DECAY_FROM)).to_numpy()
    loose = np.flatnonzero(late & (rng.random(n) < DECAY_SHARE))
    followed[loose] = followed[rng.permutation(loose)]
    rows["default"] = (rng.random(n) < 1 / (1 + np.exp(-followed))).astype("int64")

    refreshed = rng.random(n) < LATE_SHARE
    at_decision = 612 - 16 * eta + rng.normal(0, 55, n)
    after_outcome = np.where(rows["default"] == 1, 505, 690) + rng.normal(0, 55, n)
    rows["bureau_score"] = np.clip(np.where(refreshed, after_outcome, at_decision), 300, 850).round()
    days = np.where(refreshed, rng.uniform(180, 540, n), -rng.uniform(1, 20, n))
    rows["bureau_score_at"] = moments(rows["applied_at"], (days * 1_440).round())


def simulate() -> dict[str, pd.DataFrame]:
    """All roles. A customer's applications all lie in one role, so no customer is both learnt from and tested on."""
    rng = np.random.default_rng(SEED)
    roles: dict[str, pd.DataFrame] = {}
    order = ["application_id", "customer_id", "applied_at", "sex", "age", *FEATURES, "bureau_score_at", "default"]
    for place, (role, (_, _, n)) in enumerate(ROLES.items()):
        rows = applications(role, 50_000 + 10_000 * place, rng)
        add_outcome(rows, rng)
        rows["application_id"] = 100_000 * (place + 1) + rng.permutation(n)
        roles[role] = rows.sort_values(["applied_at", "application_id"])[order].reset_index(drop=True)
    serving = roles["test"].drop(columns="default").sort_values("application_id").reset_index(drop=True)
    serving["income"] = (serving["income"] / MONTHS).round(2)
    return {**roles, "serving": serving}


def sound_candidate() -> Pipeline:
    """Boosted trees that never let the score rise with income."""
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(CATEGORIES)),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    monotone = [0] * len(CATEGORIES) + [-1 if name == "income" else 0 for name in NUMERIC]
    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=5, min_samples_leaf=80, l2_regularization=10.0,
        monotonic_cst=monotone, early_stopping=False, random_state=1,
    )  # fmt: skip
    return make_pipeline(encode, trees)


def sound_prior() -> XGBClassifier:
    """The version before: numeric features only, and the first twelve of the fifteen months."""
    return XGBClassifier(
        n_estimators=130, learning_rate=0.07, max_depth=3, min_child_weight=15, reg_lambda=5.0, tree_method="hist",
        monotone_constraints={"income": -1}, nthread=1, random_state=1,
    )  # fmt: skip


class Prior:
    """The prior's booster with scikit-learn's call, to measure it here as the worker calls it."""

    classes_ = np.array([0, 1])

    def __init__(self, model: XGBClassifier) -> None:
        self.booster = model.get_booster()

    def predict_proba(self, X: pd.DataFrame, /) -> NDArray[np.float64]:
        """Probabilities of both classes, (n, 2)."""
        p = self.booster.predict(DMatrix(X[NUMERIC])).astype(float)
        return np.column_stack([1 - p, p])


def logit(model: Classifier, rows: pd.DataFrame) -> NDArray[np.float64]:
    """The model's raw score."""
    p = model.predict_proba(rows[FEATURES])[:, 1]
    return np.log(p / (1 - p))


def reaction(model: Classifier, rows: pd.DataFrame) -> str:
    """How far the logit moves when loan_amount moves by 0.01 and by 0.1 of its standard deviation; RMS over the logit's own."""
    base, noise = logit(model, rows), np.random.default_rng(SEED).normal(0, 1, len(rows))
    moved = [rows.assign(loan_amount=rows["loan_amount"] + s * rows["loan_amount"].std() * noise) for s in (0.01, 0.1)]
    sizes = [np.sqrt(np.mean((logit(model, m) - base) ** 2)) / base.std() for m in moved]
    return f"{sizes[0]:.3f} and {sizes[1]:.3f}"


def weak_slice_size(test: pd.DataFrame, candidate: Classifier) -> str:
    """Loss in the slice, outside it, and beyond what the candidate itself expects there."""
    weak, y = in_weak_slice(test), test["default"]
    p = candidate.predict_proba(test[FEATURES])[:, 1]
    inside, outside = log_loss(y[weak], p[weak]), log_loss(y[~weak], p[~weak])
    expected = np.mean(-(p * np.log(p) + (1 - p) * np.log(1 - p))[weak])
    excess = (inside - expected) / log_loss(y, p)
    return (
        f"{weak.sum()} of {len(test)} test rows ({weak.mean():.1%}); log-loss {inside:.3f} inside, {outside:.3f} outside, "
        f"{inside / outside:.2f} times; beyond what the candidate expects there, over the mean loss: {excess:.2f}"
    )


def drift_size(roles: dict[str, pd.DataFrame]) -> str:
    """Distance of the drifted feature between test and reference."""
    was, now = roles["reference"]["utilisation"], roles["test"]["utilisation"]
    return f"KS distance {ks_2samp(was, now).statistic:.3f}; mean up by {(now.mean() - was.mean()) / was.std():.2f} standard deviations"


def leak_size(test: pd.DataFrame) -> str:
    """Share of late rows, and what the feature alone knows there."""
    late = test["bureau_score_at"] > test["applied_at"]
    aucs = [roc_auc_score(test["default"][m], -test["bureau_score"][m]) for m in (late, ~late)]
    return (
        f"{late.mean():.1%} of the test rows stamped after the decision; the score alone has AUC {aucs[0]:.3f} there, "
        f"{aucs[1]:.3f} in the others"
    )


def decay_size(production: pd.DataFrame, candidate: Classifier) -> str:
    """Area under the curve before the date and after it."""
    early, p = production["applied_at"] < pd.Timestamp(DECAY_FROM), logit(candidate, production)
    before, after = (roc_auc_score(production["default"][m], p[m]) for m in (early, ~early))
    return f"AUC of the candidate {before:.3f} before, {after:.3f} from then on"


def unit_size(roles: dict[str, pd.DataFrame]) -> str:
    """Research over serving, row by row."""
    research, served = (roles[role].set_index("application_id")["income"] for role in ("test", "serving"))
    factor = research / served
    return f"every row; research over serving is {factor.median():.2f} ({factor.min():.2f} to {factor.max():.2f})"


def measured(roles: dict[str, pd.DataFrame], candidate: Classifier, sound: Classifier, prior: Prior) -> str:
    """The tables of the datasheet."""
    named = (("candidate", candidate), ("prior", prior), ("candidate without its price points", sound))
    scores = [
        [
            role,
            len(rows),
            f"{rows['default'].mean():.3f}",
            name,
            *binary_scores(model, rows[FEATURES], rows["default"], 1),
        ]
        for role, rows in roles.items()
        if role in ROLES
        for name, model in named
    ]
    test = roles["test"]
    plants = [
        ["weak slice", "`region == south & purpose == business & term_months >= 48` from 2023-09-01: test, production",
         weak_slice_size(test, candidate)],
        ["drift", "`utilisation` from 2023-09-01: test, serving and production, against reference and train", drift_size(roles)],
        ["leak", "`bureau_score`, as `bureau_score_at` tells: every role", leak_size(test)],
        ["brittle feature", "`loan_amount` in the candidate: its price points, bands of 50 EUR",
         f"noise of 0.01 and of 0.1 standard deviations moves the logit by (RMS, in standard deviations of the logit) "
         f"{reaction(candidate, test)}; the prior's by {reaction(prior, test)}"],
        ["decay", "outcomes in production from 2024-08-01", decay_size(roles["production"], candidate)],
        ["unit", "`income` in serving: per month instead of per year", unit_size(roles)],
    ]  # fmt: skip
    heads = ["role", "rows", "default rate", "model", "AUC", "log-loss", "mean score / rate"]
    return f"{table(heads, scores)}\n\n{table(['plant', 'where', 'size, measured'], plants)}"


def build(folder: Path) -> None:
    """Everything in the folder but the hand-written files."""
    roles = write_roles(folder, simulate())
    train = roles["train"]
    price_points = import_of(HERE, "price_points")
    candidate = price_points.PricePoints(sound_candidate(), BAND_WIDTH, BAND_BONUS).fit(
        train[FEATURES], train["default"]
    )
    joblib.dump(candidate, folder / "candidate.joblib", compress=("zlib", 9))
    earlier = train[train["applied_at"] < pd.Timestamp(PRIOR_UNTIL)]
    prior = sound_prior().fit(earlier[NUMERIC], earlier["default"])
    prior.save_model(folder / "prior.ubj")
    write_measured(folder, measured(roles, candidate, candidate.pipeline, Prior(prior)))


if __name__ == "__main__":
    build(target_folder(HERE, sys.argv[1:]))
