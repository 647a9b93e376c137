"""Formats of Python objects: pickle, cloudpickle, joblib however compressed, skops with its allow-list; classes of the project's own."""

import pickle
import subprocess
import sys
import textwrap

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from validators.confined.process import Limits
from validators.confined.worker.skops_types import refused
from validators.core.errors import ModelError
from validators.models.client import open_model

RNG = np.random.default_rng(0)
N = 120
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.normal(size=N), "c": RNG.choice(["x", "y"], N)})
Y = np.where(X.a + (X.c == "x") > 0.5, "bad", "good")
BINARY = {"task": "binary", "classes": ("good", "bad"), "positive": "bad", "features": ["c", "b", "a"]}


@pytest.fixture(scope="module")
def pipeline():
    encode = make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["a", "b"]))
    return make_pipeline(encode, LogisticRegression()).fit(X, Y)


def plain_pickle(model, path):
    path.write_bytes(pickle.dumps(model))


def by_cloudpickle(model, path):
    path.write_bytes(cloudpickle.dumps(model))


def compressed(way):
    return lambda model, path: joblib.dump(model, path, compress=way)


WRITERS = {
    "pickle": ("m.pkl", plain_pickle),
    "cloudpickle": ("m.pickle", by_cloudpickle),
    "joblib": ("m.joblib", joblib.dump),
    "zlib": ("m.joblib", compressed(("zlib", 3))),
    "lzma": ("m.joblib", compressed(("lzma", 3))),
    "gzip": ("m.pkl", compressed(("gzip", 3))),
    "skops": ("m.skops", skops.io.dump),
}


@pytest.mark.parametrize("way", WRITERS)
def test_a_pipeline_with_raw_text_scores_as_it_does_here(tmp_path, pipeline, way):
    name, write = WRITERS[way]
    write(pipeline, tmp_path / name)

    with open_model(tmp_path / name, **BINARY) as held:
        np.testing.assert_allclose(held.predict(X), pipeline.predict_proba(X)[:, 0], rtol=0, atol=1e-12)


OWN = textwrap.dedent("""
    import numpy as np
    from sklearn.base import BaseEstimator, TransformerMixin

    class Clip(BaseEstimator, TransformerMixin):
        def __init__(self, at=1.0):
            self.at = at
        def fit(self, X, y=None):
            self.fitted_ = True
            return self
        def transform(self, X):
            return np.clip(np.asarray(X, dtype=float), -self.at, self.at)
""")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A pipeline with a class of the project's own, in three formats, made where that module is importable."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_steps.py").write_text(OWN)
    script = f"""
        import sys; sys.path.insert(0, {str(folder)!r})
        import joblib, cloudpickle, skops.io, numpy as np, own_steps
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        X = np.linspace(-3, 3, 40).reshape(-1, 1)
        model = make_pipeline(own_steps.Clip(2.0), LogisticRegression()).fit(X, X[:, 0] > 0)
        joblib.dump(model, {str(folder / "m.joblib")!r})
        skops.io.dump(model, {str(folder / "m.skops")!r})
        cloudpickle.register_pickle_by_value(own_steps)
        open({str(folder / "m.pkl")!r}, "wb").write(cloudpickle.dumps(model))
        np.save({str(folder / "scores.npy")!r}, model.predict_proba(X)[:, 1])
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
    return folder


LINE = pd.DataFrame({"a": np.linspace(-3, 3, 40)})


@pytest.mark.parametrize(("file", "needs_code"), [("m.joblib", True), ("m.skops", True), ("m.pkl", False)])
def test_classes_of_the_project_come_with_its_code_or_inside_a_cloudpickle(own, file, needs_code):
    code = [own / "own_steps.py"] * needs_code
    with open_model(own / file, task="binary", positive=True, code=code) as held:
        np.testing.assert_allclose(held.predict(LINE), np.load(own / "scores.npy"), atol=1e-12)
    assert "own_steps" not in sys.modules
    if needs_code:
        with pytest.raises(ModelError, match=r"code = \[|types = \["):
            open_model(own / file, task="binary", positive=True)


def test_types_of_a_skops_file_are_recorded_and_others_can_be_approved_at_level_full_only(tmp_path):
    model = make_pipeline(FunctionTransformer(np.linalg.inv), StandardScaler(), RandomForestClassifier(3))
    square = pd.DataFrame(np.eye(4) + 0.1, columns=list("abcd"))
    model.set_params(functiontransformer__validate=False).fit(square, [0, 1, 0, 1])
    skops.io.dump(model, path := tmp_path / "m.skops")
    task = {"task": "binary", "positive": 1}

    with pytest.raises(ModelError, match=r"allow-list: numpy\.linalg.*types = \[\.\.\.\]") as caught:
        open_model(path, **task)
    name = str(caught.value).split("allow-list: ")[1].split(";")[0]
    with open_model(path, types=[name], **task) as held:
        np.testing.assert_allclose(held.predict(square), model.predict_proba(square)[:, 1])
        assert held.description.types == (name, "sklearn.tree._tree.Tree")
        assert held.description.as_json()["types"] == [name, "sklearn.tree._tree.Tree"]
    with pytest.raises(ModelError, match="code of its own"):
        open_model(path, types=[name], limits=Limits(layers=()), **task)


@pytest.mark.filterwarnings("ignore")
def test_the_allow_list_holds_what_usual_models_are_made_of():
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    numbers = X[["a", "b"]].to_numpy()
    models = [
        CalibratedClassifierCV(LogisticRegression()), HistGradientBoostingClassifier(max_iter=2), RandomForestClassifier(2),
        GaussianProcessClassifier(), KNeighborsClassifier(), MLPClassifier(2, max_iter=2),
        XGBClassifier(n_estimators=2), LGBMClassifier(n_estimators=2, verbose=-1),
    ]  # fmt: skip
    for model in models:
        data = skops.io.dumps(model.fit(numbers, (Y == "bad").astype(int)))
        assert refused(skops.io.get_untrusted_types(data=data), (), ()) == []


@pytest.mark.parametrize(
    "name",
    [
        "numpy.testing.runstring", "numpy.testing._private.utils.runstring", "numpy.load", "sklearn.datasets._base.load_files",
        "sklearn.utils.validation.joblib", "scipy.io.loadmat", "xgboost.core.subprocess", "sklearn.externals.x.Y",
        "builtins.eval", "os.system", "sklearn.tree._tree.Tree\n", "numpy.dtype.x", "collections.OrderedDict.fromkeys",
    ],
)  # fmt: skip
def test_what_could_act_is_not_on_the_allow_list(name):
    assert refused([name], (), {}) == [name]
