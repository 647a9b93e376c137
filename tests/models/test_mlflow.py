"""MLflow: folders by flavour, with the scores of the library that saved them; the digest of a folder; addresses fetched apart."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from validators.cli.execute import execute
from validators.cli.latest import latest_run
from validators.confined.process import Limits
from validators.core.errors import ModelError, ProjectError
from validators.engine.store import file_digest
from validators.io.project import read_project
from validators.models import fetch, staged
from validators.models.client import open_model
from validators.models.fetch import fetched
from validators.snapshot.statement import statement

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=60), "b": RNG.normal(size=60)})
ROOT = Path(__file__).resolve().parents[2]
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
    "python_artifacts",
    "python_text",
    "python_loader",
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

class WithArtifacts(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        import joblib, json, scales_of_mine
        self.linear = joblib.load(context.artifacts["linear"])
        self.scale = json.load(open(os.path.join(context.artifacts["tables"], "deep", "scale.json")))["by"]
        self.power = context.model_config["power"] + scales_of_mine.POWER
    def predict(self, context, model_input):
        return (self.linear.predict_proba(model_input * self.scale) ** self.power)[:, 1]

class Spy(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        tried = {
            "read": lambda: open(context.artifacts["rows"], "rb").read(4),
            "write": lambda: open(context.artifacts["rows"], "ab").write(b"x"),
            "add": lambda: open(os.path.join(os.path.dirname(context.artifacts["rows"]), "new"), "w"),
            "chmod": lambda: os.chmod(context.artifacts["rows"], 0o700),
            "beside": lambda: os.listdir(os.path.dirname(context.artifacts["rows"]) + "/../../.."),
            "source": lambda: open(context.model_config["source"], "rb").read(4),
        }
        def came(what):
            try:
                tried[what]()
            except OSError:
                return 0.0
            return 1.0
        found = [came(what) for what in tried]
        return np.array([found[k % len(found)] for k in range(len(model_input))])

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
os.makedirs("tables/deep")
open("tables/deep/scale.json", "w").write('{"by": 0.5}')
open("scales_of_mine.py", "w").write(
    "import json, pathlib\\nPOWER = json.loads((pathlib.Path(__file__).parent / 'power.json').read_text())\\n")
open("power.json", "w").write("1")
joblib.dump(linear, "linear.joblib")
mlflow.pyfunc.save_model("python_artifacts", python_model=WithArtifacts(), model_config={"power": 1}, signature=signature,
                         artifacts={"linear": "linear.joblib", "tables": "tables"}, code_paths=["scales_of_mine.py", "power.json"], **pins)
mlflow.pyfunc.save_model("spy", python_model=Spy(), artifacts={"rows": "rows.parquet"},
                         model_config={"source": os.path.abspath("rows.parquet")}, **pins)
open("in_text.py", "w").write(
    "import joblib, mlflow\\nclass M(mlflow.pyfunc.PythonModel):\\n"
    "    def load_context(self, context):\\n        self.model = joblib.load(context.artifacts['linear'])\\n"
    "    def predict(self, context, model_input, params=None):\\n        return self.model.predict_proba(model_input)\\n"
    "mlflow.models.set_model(M())\\n")
mlflow.pyfunc.save_model("python_text", python_model="in_text.py", artifacts={"linear": "linear.joblib"}, signature=signature, **pins)
open("own_loader.py", "w").write(
    "import joblib\\nclass M:\\n    def __init__(self, model):\\n        self.model = model\\n"
    "    def predict(self, X):\\n        return self.model.predict_proba(X)[:, 1]\\n"
    "def _load_pyfunc(path):\\n    return M(joblib.load(path))\\n")
sys.path.insert(0, ".")
mlflow.pyfunc.save_model("python_loader", loader_module="own_loader", data_path="linear.joblib", code_paths=["own_loader.py"],
                         signature=signature, **pins)
for name, model in {"sklearn_skops": linear, "sklearn_pickle": linear, "xgboost": xgb, "lightgbm": lgb, "booster": lgb,
                    "catboost": cat, "onnx": linear, "own_code": own}.items():
    scores[name] = model.predict_proba(X)[:, 1]
scores["python_text"] = scores["python_loader"] = linear.predict_proba(X)[:, 1]
scores["python_artifacts"] = linear.predict_proba(X * 0.5)[:, 1] ** 2
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
        ("python", "a model in Python"),
        ("python_loader", "a model in Python"),
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
        (
            "flavors:\n  python_function: {loader_module: not_there}\n",
            "No module named 'not_there'; install that library",
        ),
        ("flavors:\n  python_function: 5\n", "it has the flavors python_function"),
        ("flavors:\n  onnx: {data: /etc/passwd.onnx}\n", "which is not there"),
        ("flavors:\n  onnx: {data: ../x.onnx}\n", "names the file '../x.onnx', which is not there"),
        ("flavors: [1\n", "cannot be loaded"),
        ("!!python/object/apply:os.system ['true']\n", "cannot be loaded"),
        (
            "a0: &a0 [x, x]\n"
            + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 60))
            + "flavors: {onnx: {data: *a59}}\n",
            "data in its file MLmodel is no text",
        ),
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


SPIED = pd.DataFrame({"a": np.zeros(6), "b": np.zeros(6)})


def test_a_model_in_python_reads_its_artifacts_and_neither_writes_nor_sees_more(saved):
    with open_model(saved / "spy", **BINARY) as held:
        assert held.predict(SPIED).tolist() == [1, 0, 0, 0, 0, 0]
        assert not list(saved.glob("spy/artifacts/new"))
    with open_model(saved / "spy", limits=Limits(layers=()), allow_unconfined=True, **BINARY) as held:
        live = held.predict(SPIED)
    root = os.geteuid() == 0  # who writes to what can only be read
    assert live.tolist() == [1, root, root, 1, 1, 1]


def test_the_copy_of_a_folder_is_gone_with_its_process_and_swept_after_a_kill(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_model(saved / "spy", **BINARY) as held:
        (copy,) = tmp_path.iterdir()
        assert {p.stat().st_mode & 0o222 for p in (copy / "model").rglob("*")} == {0}
        held.predict(SPIED)
        monkeypatch.setattr(staged, "YOUNG_S", -60.0)
        staged.sweep()
        assert copy.exists()
    assert list(tmp_path.iterdir()) == []
    left = subprocess.run(
        [sys.executable, "-c", KILLED, str(saved / "spy"), str(tmp_path)],
        cwd=ROOT,
        check=False,
        stderr=subprocess.DEVNULL,
    ).returncode
    assert left == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    staged.sweep()
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys, tempfile
from pathlib import Path
from validators.models.staged import Staged
tempfile.tempdir = sys.argv[2]
held = Staged(Path(sys.argv[1]))
os.kill(os.getpid(), 9)
"""


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


def test_mlflow_tells_its_makers_nothing(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        fetch.subprocess, "run", lambda *_, env, **__: seen.update(env) or subprocess.CompletedProcess([], 1, "", "x")
    )
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    with pytest.raises(ModelError), fetched("models:/credit/1"):
        pass
    monkeypatch.undo()
    code = "from mlflow.telemetry.utils import is_telemetry_disabled; print(is_telemetry_disabled())"
    quiet = {name: seen[name] for name in ("PATH", "MLFLOW_DISABLE_TELEMETRY")}
    for environment, silent in ((quiet, "True"), ({"PATH": seen["PATH"]}, "False")):
        told = subprocess.check_output([sys.executable, "-W", "ignore", "-c", code], env=environment, text=True)
        assert told.strip() == silent


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
