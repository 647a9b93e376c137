"""Sound projects whose files are broken one at a time: one of stored scores, and one with a model in every format."""

import io
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 300
PROJECT = """[model]
id = "small"
version = "1"
{model}
[task]
type = "binary"
target = "y"
positive = 1
threshold = 0.5
[data]
train = "train.parquet"
test = "{test}"
[columns]
key = "id"
time = "at"
features = ["a", "b", "c"]
{columns}
"""


DESCRIPTION = """artifact_path: model
flavors:
  python_function:
    data: model.ubj
    loader_module: mlflow.xgboost
  xgboost:
    data: model.ubj
    model_class: xgboost.sklearn.XGBClassifier
    model_format: ubj
signature:
  inputs: '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]'
"""


def rows(seed):
    """Three features, a day, an outcome and a stored score."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=ROWS), rng.lognormal(size=ROWS), rng.choice(["red", "green", "blue"], ROWS)
    score = 1 / (1 + np.exp(-a - (c == "red")))
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 90, ROWS), unit="D")
    y = (rng.random(ROWS) < score).astype(int)
    return pd.DataFrame(
        {"id": np.arange(ROWS) + ROWS * seed, "at": day, "a": a, "b": b, "c": c, "y": y, "score": score}
    )


def stored_scores(folder: Path, test: str):
    """A project without a model; its test data is the file `test`."""
    folder.mkdir(parents=True)
    rows(0).to_parquet(folder / "train.parquet")
    write(rows(1), folder / test)
    text = PROJECT.format(model="", test=test, columns='prediction = "score"')
    (folder / "seatrial.toml").write_text(text, encoding="utf-8")
    return folder


def with_model(folder: Path, name: str):
    """A project whose candidate is the file `name`, or the folder that `name` lies in."""
    folder.mkdir(parents=True)
    for role, seed in (("train", 0), ("test", 1)):
        rows(seed)[["id", "at", "a", "b", "y"]].to_parquet(folder / f"{role}.parquet")
    if name == "mlflow/MLmodel":
        (folder / "mlflow").mkdir()
        (folder / name).write_text(DESCRIPTION, encoding="utf-8")
        (folder / "mlflow" / "model.ubj").write_bytes(model(".ubj", rows(0)))
    else:
        (folder / name).write_bytes(model(Path(name).suffix, rows(0)))
    text = PROJECT.format(model=f'candidate = "{name.partition("/")[0]}"', test="test.parquet", columns="").replace(
        ', "c"]', "]"
    )
    (folder / "seatrial.toml").write_text(text, encoding="utf-8")
    return folder


def write(frame, path):
    """A frame in the format of the file's name."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".arrow":
        frame.to_feather(path, compression="uncompressed")
    else:
        frame.to_parquet(path)


def model(suffix, frame):
    """The bytes of a small fitted model."""
    X, y = frame[["a", "b"]], frame.y
    if suffix in (".joblib", ".pkl", ".skops"):
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression().fit(X, y)
        if suffix == ".pkl":
            return pickle.dumps(fitted)
        out = io.BytesIO()
        if suffix == ".joblib":
            import joblib

            joblib.dump(fitted, out)
        else:
            import skops.io

            skops.io.dump(fitted, out)
        return out.getvalue()
    if suffix == ".txt":
        import lightgbm

        settings = {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1}
        return lightgbm.train(settings, lightgbm.Dataset(X, y), 5).model_to_string().encode()
    if suffix == ".cbm":
        import catboost

        fitted = catboost.CatBoostClassifier(iterations=5, depth=2, verbose=False, allow_writing_files=False)
        with tempfile.TemporaryDirectory() as made:
            fitted.fit(X, y)
            fitted.save_model(f"{made}/m.cbm")
            return Path(made, "m.cbm").read_bytes()
    if suffix == ".onnx":
        from skl2onnx import to_onnx
        from sklearn.linear_model import LogisticRegression

        return to_onnx(LogisticRegression().fit(X.to_numpy(), y), X.to_numpy(np.float32)).SerializeToString()
    import xgboost

    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 2}, xgboost.DMatrix(X, y), 5)
    return bytes(booster.save_raw(suffix.lstrip(".")))
