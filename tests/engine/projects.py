"""Small projects for engine tests: predictions only, so that no model process is needed, and one with a real model."""

import json

import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["x0", "x1", "whole", "level"]


def rows(n, seed, *, task="binary", shift=0.0):
    """Rows of a logistic truth with scores of two models."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({
        "x0": rng.normal(shift, 1, n),
        "x1": rng.exponential(1, n),
        "whole": rng.integers(0, 6, n),
        "level": pd.Series(rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]), dtype=object),
    })  # fmt: skip
    X.loc[rng.random(n) < 0.05, "x1"] = np.nan
    s = 0.9 * X.x0 - 0.4 * X.whole + (X.level == "b")
    frame = X.assign(
        key=np.arange(n) + 10_000 * seed,
        when=pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
    )
    if task == "regression":
        return frame.assign(y=s + rng.normal(0, 0.5, n), score=s + rng.normal(0, 0.2, n), old=s + rng.normal(0, 0.3, n))
    if task == "multiclass":
        logits = np.column_stack([s, -s, 0.5 * X.whole - 1])
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        y = np.array([rng.choice(3, p=q) for q in p])
        columns = {f"p{k}": p[:, k] for k in range(3)} | {
            f"q{k}": np.roll(p[:, k], 0) * 0.9 + 0.1 / 3 for k in range(3)
        }
        return frame.assign(y=np.array(["red", "green", "blue"], object)[y], **columns)
    p = 1 / (1 + np.exp(-s))
    y = (rng.random(n) < p).astype(int)
    return frame.assign(y=y, score=p, old=1 / (1 + np.exp(-(s + rng.normal(0, 0.2, n)))))


def project(folder, *, task="binary", n=600, model=False, extra="", **changes):
    """A project folder with every role that the built families use."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, role in enumerate(("train", "test", "reference", "production"), 1):
        frame = rows(n, k, task=task)
        for change in changes.values():
            frame = change(role, frame)
        frame.to_parquet(folder / f"{role}.parquet", index=False)
    if task == "multiclass":
        scores = 'prediction = ["p0", "p1", "p2"]\nprior_prediction = ["q0", "q1", "q2"]'
        head = 'type = "multiclass"\ntarget = "y"\nclasses = ["red", "green", "blue"]'
    else:
        scores = 'prediction = "score"\nprior_prediction = "old"'
        head = f'type = "{task}"\ntarget = "y"' + ("\npositive = 1\nthreshold = 0.4" if task == "binary" else "")
    models = ""
    if model:
        train = pd.read_parquet(folder / "train.parquet")
        for name, c in (("candidate", 1.0), ("prior", 0.5)):
            fitted = make_pipeline(StandardScaler(), LogisticRegression(C=c)).fit(train[["x0", "whole"]], train.y)
            joblib.dump(fitted, folder / f"{name}.joblib")
        models, scores = 'candidate = "candidate.joblib"\nprior = "prior.joblib"', ""
    features = ["x0", "whole"] if model else FEATURES
    text = f"""[model]
id = "tiny"
version = "1"
{models}
[task]
{head}
[data]
train = "train.parquet"
test = "test.parquet"
reference = "reference.parquet"
production = "production.parquet"
[columns]
key = "key"
time = "when"
features = {json.dumps(features)}
{scores}
{extra}
[run]
seed = 3
"""
    (folder / "seatrial.toml").write_text(text)
    return folder
