"""Builds `lending`: `python -m sample_data.lending.build [FOLDER]`. Needs numpy, pandas, SciPy, scikit-learn and XGBoost only.

The data and their plants come from `world.py`, the brittle candidate from `price_points.py`; here both models are fitted and
every plant is measured.
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
from sample_data.lending.world import CATEGORIES, DECAY_FROM, FEATURES, NUMERIC, ROLES, SEED, in_weak_slice, simulate

HERE = Path(__file__).resolve().parent
PRIOR_UNTIL = "2023-01-01"
BAND_WIDTH, BAND_BONUS = 50.0, 0.30  # the candidate's price points, in euros and on the logit scale


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
    heads = ["role", "rows", "default rate", "model", "AUC", "log-loss", "mean score / rate", "calibration slope"]
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
