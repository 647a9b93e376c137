"""Models behind the wall: the same scores as in this process, and nothing that a model does harms the parent."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from validators.core.errors import ModelError, ModelTimeout
from validators.models.client import Limits, open_model

RNG = np.random.default_rng(0)
N = 300
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.integers(0, 9, N), "c": RNG.normal(size=N)})
TEXT = X.assign(c=pd.Series(RNG.choice(["x", "y", "z"], N), dtype=object))
Y = (X.a + 0.2 * X.b > 0.8).astype(int)


def pipeline():
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["c"]), remainder="passthrough")
    return make_pipeline(encode, LogisticRegression(max_iter=500)).fit(TEXT, Y)


def binary(path, **more):
    return open_model(path, task="binary", classes=(0, 1), positive=1, features=list(X), **more)


@pytest.mark.parametrize("suffix", [".joblib", ".skops", ".pkl"])
@pytest.mark.parametrize("kind", ["pipeline", "boosting"])
def test_scikit_learn_scores_are_those_of_this_process(tmp_path, suffix, kind):
    frame = TEXT if kind == "pipeline" else X
    model = pipeline() if kind == "pipeline" else HistGradientBoostingClassifier(max_iter=20).fit(X, Y)
    path = tmp_path / f"m{suffix}"
    skops.io.dump(model, path) if suffix == ".skops" else joblib.dump(model, path)

    with binary(path) as held:
        np.testing.assert_allclose(held.predict(frame), model.predict_proba(frame)[:, 1], rtol=0, atol=1e-12)
        assert held.description.isolation == "full"
        assert held.description.format == suffix.lstrip(".")


def test_what_the_preprocessing_keeps_is_told_with_its_columns(tmp_path):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encode = make_column_transformer((numbers, ["a", "b"]), (OneHotEncoder(), ["c"]))
    model = make_pipeline(encode, LogisticRegression()).fit(TEXT, Y)
    joblib.dump(model, tmp_path / "m.joblib")

    with binary(tmp_path / "m.joblib") as held:
        found = {part["class"]: part for part in held.fitted_statistics()}
        assert held.predict(TEXT).shape == (N,)
    assert found["StandardScaler"]["columns"] == ["a", "b"]
    assert found["StandardScaler"]["numbers"]["mean_"] == pytest.approx(TEXT[["a", "b"]].mean().tolist(), rel=1e-12)
    assert found["StandardScaler"]["fills"] == found["SimpleImputer"]["numbers"]["statistics_"]
    assert found["OneHotEncoder"]["levels"] == [["x", "y", "z"]]


def test_levels_that_are_missing_values_can_be_told(tmp_path):
    holes = TEXT.assign(c=TEXT.c.astype(object).where(np.arange(N) % 9 > 0, np.nan))
    model = make_pipeline(make_column_transformer((OneHotEncoder(), ["c"])), LogisticRegression()).fit(holes, Y)
    joblib.dump(model, tmp_path / "m.joblib")

    with binary(tmp_path / "m.joblib") as held:
        (part,) = held.fitted_statistics()
    assert part["levels"] == [["x", "y", "z", None]]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".ubj", ".json", ".joblib"])
def test_xgboost_scores_are_those_of_this_process(tmp_path, suffix):
    from xgboost import XGBClassifier

    model = XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1).fit(X, Y)
    path = tmp_path / f"m{suffix}"
    joblib.dump(model, path) if suffix == ".joblib" else model.get_booster().save_model(path)

    with binary(path) as held:
        np.testing.assert_allclose(held.predict(X), model.predict_proba(X)[:, 1], atol=1e-7)  # single precision


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".txt", ".joblib"])
def test_lightgbm_scores_are_those_of_this_process(tmp_path, suffix):
    from lightgbm import LGBMClassifier

    three = np.arange(N) % 3
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(X, three)
    path = tmp_path / f"m{suffix}"
    joblib.dump(model, path) if suffix == ".joblib" else model.booster_.save_model(path)

    with open_model(path, task="multiclass", classes=(2, 0, 1), features=list(X)) as held:
        np.testing.assert_allclose(held.predict(X), model.predict_proba(X)[:, [2, 0, 1]], atol=1e-12)


def test_regression_gives_values(tmp_path):
    model = HistGradientBoostingRegressor(max_iter=10).fit(X, X.a)
    joblib.dump(model, tmp_path / "m.joblib")

    with open_model(tmp_path / "m.joblib", task="regression", features=list(X)) as held:
        np.testing.assert_array_equal(held.predict(X), model.predict(X))
        assert held.predict(X.head(0)).shape == (0,)


def test_rows_arrive_with_the_types_they_had(tmp_path):
    code = tmp_path / "echo_types.py"
    code.write_text(
        textwrap.dedent("""
        import numpy as np
        class Echo:
            classes_ = [0, 1]
            def predict_proba(self, X):
                raise TypeError(" ".join(f"{c}:{X[c].dtype.kind}{int(X[c].isna().sum())}" for c in X))
    """)
    )
    path = made(tmp_path, code, "Echo")
    frame = pd.DataFrame({
        "i": np.arange(3), "f": [0.5, None, 1.5], "b": [True, False, True], "o": pd.Series(["x", None, "z"], dtype=object),
        "t": pd.to_datetime(["2025-01-01", None, "2025-01-03"]), "k": pd.Categorical(["u", "v", None]),
    })  # fmt: skip
    with open_model(path, task="binary", positive=1, code=[code]) as held, pytest.raises(ModelError) as caught:
        held.predict(frame)

    assert "i:i0 f:f1 b:b0 o:O1 t:M1 k:O1" in str(caught.value)


def test_numbers_arrive_as_they_are_and_may_be_written_over(tmp_path):
    code = tmp_path / "echo_numbers.py"
    code.write_text(
        textwrap.dedent("""
        import numpy as np
        class Echo:
            def predict(self, X):
                assert list(X.columns) == ["b", "a"] and X.index.tolist() == list(range(len(X)))
                found = (X.a * 10 + X.b).to_numpy()
                X.iloc[:, 0] = 0.0
                return found
    """)
    )
    frame = pd.DataFrame({"a": [0.1, np.nan, -0.0, np.inf], "b": [1.0, 2.0, 3.0, 4.0]}, index=[7, 7, 8, 9])
    with open_model(made(tmp_path, code, "Echo"), task="regression", code=[code], features=["b", "a"]) as held:
        np.testing.assert_array_equal(held.predict(frame), (frame.a * 10 + frame.b).to_numpy())
        np.testing.assert_array_equal(held.predict(frame[1:2]), [np.nan])
        held.predict_no_rows(frame)


def made(tmp_path, code, name):
    """A joblib file of an instance of a class that only `code` has."""
    path = tmp_path / f"{name}.joblib"
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import joblib, {code.stem} as m; joblib.dump(m.{name}(), {str(path)!r})"
    subprocess.run([sys.executable, "-c", script], check=True)
    return path


CANARIES = """
import os, sys, time
import numpy as np

class Base:
    classes_ = [0, 1]
    def predict_proba(self, X):
        return np.column_stack([1 - self.score(X), self.score(X)])

class Loop(Base):
    def score(self, X):
        if X.a.iloc[0] > 100:
            while True:
                pass
        return np.full(len(X), 0.25)

class Exit(Base):
    def score(self, X):
        os._exit(7)

class Crash(Base):
    def score(self, X):
        import ctypes
        ctypes.string_at(0)

class Noisy(Base):
    def score(self, X):
        print("garbage " * 10000); sys.stderr.write("x" * 100000); os.write(1, b"\\x00" * 1000)
        return np.full(len(X), 0.5)

class NotANumber(Base):
    def score(self, X):
        return np.full(len(X), np.nan)

class Shape(Base):
    def predict_proba(self, X):
        return np.full((len(X) + 3, 2), 0.5)

class Raise(Base):
    def score(self, X):
        raise ValueError("bad \\x1b[31m\\u202e thing\\n" * 5000)

class Mutate(Base):
    def score(self, X):
        X.iloc[:, :] = 0
        return np.full(len(X), 0.5)

class Peek(Base):
    def score(self, X):
        assert "SEATRIAL_SECRET" not in os.environ
        return np.full(len(X), 0.5)
"""


@pytest.fixture(scope="module")
def canaries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "canaries.py").write_text(CANARIES)
    return folder


def canary(folder, name, **limits):
    path = made(folder, folder / "canaries.py", name)
    return binary(path, code=[folder / "canaries.py"], limits=Limits(**limits))


def test_a_model_that_never_answers_is_ended_and_the_next_call_works(canaries):
    with canary(canaries, "Loop", call_s=1.5) as held:
        with pytest.raises(ModelTimeout, match="its process was ended"):
            held.predict(X.assign(a=1000.0))
        np.testing.assert_array_equal(held.predict(X), np.full(N, 0.25))


@pytest.mark.parametrize(("name", "words"), [("Exit", "exit code 7"), ("Crash", "SIGSEGV")])
def test_a_model_that_dies_says_how(canaries, name, words):
    with canary(canaries, name) as held, pytest.raises(ModelError, match=words):
        held.predict(X)


def test_what_a_model_prints_goes_nowhere(canaries, capfd):
    with canary(canaries, "Noisy") as held:
        assert held.predict(X).tolist() == [0.5] * N
    assert "garbage" not in "".join(capfd.readouterr())


def test_scores_that_are_not_numbers_come_back_as_they_are(canaries):
    with canary(canaries, "NotANumber") as held:
        assert np.isnan(held.predict(X)).all()


def test_scores_of_another_shape_are_refused(canaries):
    with canary(canaries, "Shape") as held, pytest.raises(ModelError, match="bytes of scores|shape"):
        held.predict(X)


def test_messages_of_a_model_are_cleaned_and_short(canaries):
    with canary(canaries, "Raise") as held, pytest.raises(ModelError) as caught:
        held.predict(X)

    assert len(str(caught.value)) < 500
    assert not any(ord(c) < 32 or c == "\u202e" for c in str(caught.value))


def test_a_model_that_changes_its_input_changes_nothing_here(canaries):
    before = X.copy()
    with canary(canaries, "Mutate") as held:
        held.predict(X)

    pd.testing.assert_frame_equal(before, X)


def test_the_environment_stays_here(canaries, monkeypatch):
    monkeypatch.setenv("SEATRIAL_SECRET", "x")
    with canary(canaries, "Peek") as held:
        assert held.predict(X).tolist() == [0.5] * N


def test_code_is_importable_in_the_worker_only(canaries):
    with canary(canaries, "Noisy") as held:
        held.predict(X)

    assert "canaries" not in sys.modules


def test_a_skops_file_with_types_off_the_list_is_refused(tmp_path):
    skops.io.dump(FunctionTransformer(os.system), tmp_path / "m.skops")

    with pytest.raises(ModelError, match=r"allow-list|system"):
        binary(tmp_path / "m.skops")


@pytest.mark.parametrize("suffix", [".joblib", ".skops", ".ubj", ".json", ".txt"])
def test_a_broken_file_gets_one_sentence(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"\x80broken")

    with pytest.raises(ModelError, match=path.name):
        binary(path)


def test_unknown_formats_missing_files_and_modules_are_told_with_the_way_out(tmp_path, canaries):
    with pytest.raises(ModelError, match="unknown model format"):
        binary(tmp_path / "m.onnxx")
    with pytest.raises(ModelError, match="cannot be read"):
        binary(tmp_path / "absent.joblib")
    with pytest.raises(ModelError, match=r"code = \["):
        binary(made(canaries, canaries / "canaries.py", "Noisy"))


def test_an_unknown_positive_class_is_told(tmp_path):
    joblib.dump(LogisticRegression().fit(X, Y), tmp_path / "m.joblib")

    with (
        open_model(tmp_path / "m.joblib", task="binary", positive="yes") as held,
        pytest.raises(ModelError, match="knows no class"),
    ):
        held.predict(X)


def children():
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid="], capture_output=True, text=True, check=False
    ).stdout
    return {int(p) for p in found.split()}


def test_nothing_is_left_after_close(tmp_path):
    joblib.dump(LogisticRegression().fit(X, Y), tmp_path / "m.joblib")
    open_files = set(os.listdir("/proc/self/fd"))
    with binary(tmp_path / "m.joblib") as held:
        worker = held._worker.pid
        held.predict(X)

    assert worker not in children()
    assert len(set(os.listdir("/proc/self/fd")) - open_files) <= 1  # the listing's own


def test_a_worker_does_not_outlive_a_killed_parent(tmp_path):
    joblib.dump(LogisticRegression().fit(X, Y), tmp_path / "m.joblib")
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from validators.models.client import open_model
        held = open_model(Path({str(tmp_path / "m.joblib")!r}), task="binary", positive=1)
        print(held._worker.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(50):
        state = Path(f"/proc/{worker}/status")
        if not state.exists() or "zombie" in state.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the worker is still there")
