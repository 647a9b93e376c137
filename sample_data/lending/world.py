"""The simulated world of `lending`: applications, their risk, and the faults that are planted in the data.

Every plant is a constant below and a few lines; the rest of the world stands still.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

WEAK_FROM, WEAK_REVERSAL = "2023-09-01", 0.2  # in the weak slice the risk runs backwards, by this factor
DRIFT_FROM, DRIFT_LOGIT = "2023-09-01", 0.42  # utilisation rises by this much on the logit scale
LATE_SHARE = 0.10  # of the bureau scores were refreshed after the outcome
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
