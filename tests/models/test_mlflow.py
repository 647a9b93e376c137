"""MLflow: folders by flavour, with the scores of the library that saved them; the digest of a folder; addresses fetched apart."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from validators.cli.execute import execute
from validators.cli.latest import latest_run
from validators.core.errors import ModelError, ProjectError
from validators.engine.store import file_digest
from validators.io.project import read_project
from validators.models.client import open_model
from validators.models.fetch import fetched
from validators.models.process import Limits
from validators.snapshot.statement import statement

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=60), "b": RNG.normal(size=60)})
BINARY = {"task": "binary", "classes": (0, 1), "positive": 1}
FLAVOURS = (
    "sklearn_skops",
    "sklearn_pickle",
    "xgboost",
    "lightgbm",
    "booster",
    "catboost",
    "onnx",
    "own_code",
    "python",
)

SAVE = """
import os, sys, warnings
warnings.simplefilter("ignore")
import joblib, numpy as np, pandas as pd, mlflow
import mlflow.sklearn, mlflow.xgboost, mlflow.lightgbm, mlflow.catboost, mlflow.onnx
from mlflow.models import infer_signature
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from xgboost import XGBClassifier

os.chdir(sys.argv[1])
X = pd.read_parquet("rows.parquet"); y = (X.a - X.b > 0).astype(int)
os.makedirs("own/steps_of_mine")
open("own/steps_of_mine/__init__.py", "w").write("")
open("own/steps_of_mine/clip.py", "w").write(
    "import numpy as np\\nfrom sklearn.base import BaseEstimator, TransformerMixin\\n"
    "class Clip(BaseEstimator, TransformerMixin):\\n"
    "    def fit(self, X, y=None):\\n        self.done_ = True\\n        return self\\n"
    "    def transform(self, X):\\n        return np.clip(np.asarray(X), -1, 1)\\n")
sys.path.insert(0, "own")
from steps_of_mine.clip import Clip

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return 1 / (1 + np.exp(-model_input["a"].to_numpy()))

pins = {"pip_requirements": ["numpy"]}
linear, scores = LogisticRegression().fit(X, y), {}
bare = LogisticRegression().fit(X.to_numpy(), y)
xgb, lgb = XGBClassifier(n_estimators=3, n_jobs=1).fit(X, y), LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1).fit(X, y)
cat = CatBoostClassifier(iterations=3, verbose=False, allow_writing_files=False).fit(X, y)
keep = {"serialization_format": "cloudpickle", "signature": infer_signature(X, y), **pins}
own = make_pipeline(Clip(), LogisticRegression()).fit(X, y)
signature = infer_signature(X, y)
mlflow.sklearn.save_model(linear, "sklearn_skops", serialization_format="skops", **pins)
mlflow.sklearn.save_model(bare, "sklearn_pickle", serialization_format="pickle", signature=signature, **pins)
mlflow.xgboost.save_model(xgb, "xgboost", **pins)
mlflow.lightgbm.save_model(lgb, "lightgbm", **pins)
mlflow.lightgbm.save_model(lgb.booster_, "booster", **pins)
mlflow.catboost.save_model(cat, "catboost", **pins)
mlflow.onnx.save_model(to_onnx(bare, X.to_numpy(np.float32)), "onnx", signature=signature, **pins)
mlflow.sklearn.save_model(own, "own_code", code_paths=["own/steps_of_mine"], **keep)
mlflow.pyfunc.save_model("python", python_model=Model(), **pins)
for name, model in {"sklearn_skops": linear, "sklearn_pickle": linear, "xgboost": xgb, "lightgbm": lgb, "booster": lgb,
                    "catboost": cat, "onnx": linear, "own_code": own}.items():
    scores[name] = model.predict_proba(X)[:, 1]
scores["python"] = 1 / (1 + np.exp(-X.a.to_numpy()))
joblib.dump(scores, "scores.joblib")
with mlflow.start_run() as run:
    mlflow.xgboost.log_model(xgb, name="model", registered_model_name="credit", **pins)
open("run.txt", "w").write(run.info.run_id)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder of folders, the scores of each, and a tracking store with one of them in its registry."""
    folder = tmp_path_factory.mktemp("mlflow")
    X.to_parquet(folder / "rows.parquet")
    about = {
        "MLFLOW_TRACKING_URI": f"file://{folder}/store",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    subprocess.run(
        [sys.executable, "-c", SAVE, str(folder)], check=True, env={**os.environ, **about, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def scores(saved):
    import joblib

    return joblib.load(saved / "scores.joblib")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_folder_scores_as_the_library_that_saved_it_in_any_order_of_features(saved, scores, flavour):
    with open_model(saved / flavour, features=["b", "a"], **BINARY) as held:
        np.testing.assert_allclose(held.predict(X), scores[flavour], atol=1e-6)  # XGBoost and ONNX: single precision
        told = held.description
    assert (told.format, told.isolation, told.file) == ("mlflow", "full", flavour)
    assert told.sha256 == file_digest(saved / flavour)


def test_what_runs_code_is_read_out_of_the_folder_and_refused_below_level_full(saved, scores):
    for flavour, words in (
        ("sklearn_pickle", "model.pkl"),
        ("own_code", "modules of its own"),
        ("python", "python_model.pkl"),
    ):
        with pytest.raises(ModelError, match=rf"was not loaded: an MLflow folder.*{words}.*--allow-unconfined"):
            open_model(saved / flavour, limits=Limits(layers=()), **BINARY)
    with open_model(saved / "catboost", limits=Limits(layers=()), **BINARY) as held:
        assert held.description.isolation == "process"
    with open_model(saved / "sklearn_pickle", limits=Limits(layers=()), allow_unconfined=True, **BINARY) as held:
        np.testing.assert_allclose(held.predict(X), scores["sklearn_pickle"], atol=1e-9)


def folder(path, about, **files):
    path.mkdir()
    (path / "MLmodel").write_text(textwrap.dedent(about))
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("flavors:\n  keras: {data: model}\n", "it has the flavors keras; those that are read are onnx"),
        ("flavors:\n  python_function: {loader_module: evil}\n", "it has the flavors python_function"),
        ("flavors:\n  onnx: {data: ../x.onnx}\n", "names the file '../x.onnx', which is not there"),
        ("flavors: [1\n", "cannot be loaded"),
        ("!!python/object/apply:os.system ['true']\n", "cannot be loaded"),
        ("just text\n", "lists no flavors"),
    ],
)
def test_a_folder_that_cannot_be_read_gets_a_sentence(tmp_path, about, words):
    with pytest.raises(ModelError, match=words):
        open_model(folder(tmp_path / "m", about), **BINARY)


def test_links_and_folders_of_others_are_refused(tmp_path):
    held = folder(tmp_path / "m", "flavors: {}")
    (held / "model.onnx").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match=r"'model.onnx', which is a link"):
        open_model(held, **BINARY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="folder without a file MLmodel"):
        open_model(tmp_path / "empty", **BINARY)


@pytest.fixture
def store(saved, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{saved}/store")
    return (saved / "run.txt").read_text()


@pytest.mark.parametrize("address", ["models:/credit/1", pytest.param("runs:/{}/model", marks=pytest.mark.slow)])
def test_an_address_is_fetched_by_another_process_into_a_folder_that_is_only_read(scores, store, address):
    with fetched(address.format(store)) as found:
        assert {p.stat().st_mode & 0o222 for p in found.rglob("*")} == {0}
        with open_model(found, **BINARY) as held:
            np.testing.assert_allclose(held.predict(X), scores["xgboost"], atol=1e-6)
    assert not found.exists()
    assert "mlflow" not in sys.modules


def test_an_address_of_nothing_gets_a_sentence(store):
    with pytest.raises(ModelError, match="models:/credit/7: could not be fetched"), fetched("models:/credit/7"):
        pass
    with pytest.raises(ModelError, match="within 0.01 s"), fetched("models:/credit/1", seconds=0.01):
        pass


def test_a_project_names_a_model_by_its_address(saved, store, tmp_path):
    frame = X.assign(y=(X.a - X.b > 0).astype(int))
    frame.to_parquet(tmp_path / "test.parquet")
    text = (
        '[model]\nid = "m"\nversion = "1"\ncandidate = "models:/credit/1"\n'
        '[task]\ntype = "binary"\ntarget = "y"\npositive = 1\n[data]\ntest = "test.parquet"\n'
    )
    (tmp_path / "seatrial.toml").write_text(text)

    run = execute(tmp_path, only=["PRF101"], out=tmp_path / "run", progress=lambda what, share: None)
    told = run.document["inputs"]["model"]["candidate"]
    assert (told["file"], told["format"]) == ("models:/credit/1", "mlflow")
    with fetched("models:/credit/1") as found:
        assert told["sha256"] == file_digest(found)
    named = {s["name"]: s["digest"]["sha256"] for s in statement(run.document, {}, created="", prev=None)["subject"]}
    assert named["model/candidate/models:/credit/1"] == told["sha256"]
    assert latest_run(tmp_path) is None

    (tmp_path / "seatrial.toml").write_text(text.replace("models:/credit/1", "models:/credit"))
    with pytest.raises(ProjectError, match="is no address of MLflow"):
        read_project(tmp_path)
