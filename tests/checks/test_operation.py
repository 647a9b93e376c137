"""STR104: scores that hang on anything but the row are caught, and scores of the row alone are left in peace."""

import time
from contextlib import contextmanager

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks.operation import CHECK
from validators.core.errors import ModelError
from validators.models.client import open_model

from .performance_cases import REGRESSION, measured, multiclass, truth, verdict
from .stress_cases import Sound, given_of, run

CONTEXT = ("order", "batches", "duplicated", "large_batch", "single")
SOUND_FAIL = {"warn": None, "fail": 0.0}
LIMITS = {"warn": 0.001, "fail": 0.01}


def verdicts(found):
    return {
        s.removeprefix("rows:"): verdict(m, **(SOUND_FAIL if metric == "unstable_share" else LIMITS))
        for (metric, s), m in found.items()
        if metric != "empty_raises"
    }


class BatchNormalised(Sound):
    """Standardises by the batch that it is asked about."""

    def logit(self, X):
        z = truth(X)
        return (z - z.mean()) / (z.std() + 1e-3)


class Ranked(Sound):
    """Scores by the rank within the batch."""

    def predict(self, X):
        return pd.Series(truth(X)).rank(pct=True).to_numpy()


class RowBefore(Sound):
    """Looks at the row before."""

    def logit(self, X):
        z = truth(X)
        return z + 0.1 * np.concatenate([[0.0], z[:-1]])


class OddRow(RowBefore):
    """Looks at the row before in two rows of a hundred."""

    def logit(self, X):
        z = truth(X)
        return np.where(X["age"] == 30, super().logit(X), z)


class Random(Sound):
    """Draws in predict."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def logit(self, X):
        return truth(X) + 0.01 * self.rng.normal(size=len(X))


class Clock(Sound):
    """Drifts with the seconds of the clock."""

    def logit(self, X):
        return truth(X) + 1e-2 * (time.time() % 60)


class OnceRandom(Random):
    """Draws for one row in a hundred."""

    def logit(self, X):
        return np.where(X["age"] == 40, super().logit(X), truth(X))


class Remembers(Sound):
    """Adds something on its first call ever."""

    def __init__(self):
        self.calls = 0

    def logit(self, X):
        self.calls += 1
        return truth(X) + (0.1 if self.calls > 1 else 0.0)


class Seeded(Sound):
    """Draws once per process."""

    shift = iter(range(1000))

    def __init__(self):
        self.mine = next(self.shift)

    def logit(self, X):
        return truth(X) + 0.1 * self.mine


class Unsafe(Sound):
    """Gives the wrong rows when several threads ask."""

    def predict_in_threads(self, X, threads):
        held = super().predict_in_threads(X, threads)
        held[1] = np.roll(held[1], 1)
        return held


class NoEmptyFrame(Sound):
    def predict_no_rows(self, X):
        raise ModelError("raised ValueError: Found array with 0 sample(s)")


class NoSingleRow(Sound):
    def predict(self, X):
        if len(X) == 1:
            raise ModelError("raised ValueError: needs two rows")
        return super().predict(X)


class Silent(Sound):
    """Answers NaN to all rows, or to those past fifty years; `single`: only where there is more than one."""

    def __init__(self, past=0, single=False):
        self.past, self.single = past, single

    def predict(self, X):
        silent = X["age"].to_numpy() >= self.past
        return super().predict(X) if self.single and len(X) == 1 else np.where(silent, np.nan, super().predict(X))

    @contextmanager
    def again(self):
        yield Silent(self.past, self.single)


def test_rows_without_a_score_tell_nothing_of_what_scores_hang_on():
    whole = run(CHECK, Silent())
    del whole["empty_raises", "rows:empty"]
    assert {m.value for m in whole.values()} == {None}
    assert whole["unstable_share", "rows:repeated"].n == 800
    assert "none of 800 rows has a finite score" in whole["unstable_share", "rows:repeated"].note

    part = run(CHECK, Silent(50))
    del part["empty_raises", "rows:empty"]
    assert {m.value for m in part.values()} == {0.0}
    assert 300 < part["unstable_share", "rows:repeated"].n < 500

    assert run(CHECK, Silent(single=True))["context_share", "rows:single"].value == 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_sound_model_passes_with_the_bound_of_what_was_not_seen(seed):
    found = run(CHECK, Sound(), seed=seed)

    assert set(verdicts(found)) == {"repeated", "fresh_process", "threads", *CONTEXT}
    assert set(verdicts(found).values()) == {"PASS"}
    assert found["context_share", "rows:order"].high == pytest.approx(3 / 800, rel=0.01)
    assert found["empty_raises", "rows:empty"].value == 0.0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("model", "caught", "quiet"),
    [
        (BatchNormalised, {"batches", "single"}, {"repeated", "threads", "order", "duplicated", "large_batch"}),
        (Ranked, {"batches", "single"}, {"repeated"}),
        (RowBefore, {"order", "batches", "single", "duplicated"}, {"repeated", "fresh_process"}),
        (OddRow, {"order", "batches", "duplicated"}, {"repeated", "fresh_process"}),
        (Random, {"repeated"}, set()),
        (OnceRandom, {"repeated"}, set()),
        (Clock, {"repeated"}, set()),
        (Seeded, {"fresh_process"}, {"repeated", *CONTEXT}),
        (Unsafe, {"threads"}, {"repeated", *CONTEXT}),
        (NoSingleRow, {"single"}, {"repeated", "order"}),
    ],
)
def test_each_fault_fails_where_it_shows(model, caught, quiet, seed):
    found = verdicts(run(CHECK, model(), seed=seed))

    assert {word for word in caught if found[word] != "FAIL"} == set()
    assert {word for word in quiet if found[word] != "PASS"} == set()


def test_a_state_that_the_first_call_leaves_behind_is_seen_in_a_fresh_process():
    found = verdicts(run(CHECK, Remembers()))

    assert found["fresh_process"] == "FAIL"


def test_the_company_of_a_row_is_not_judged_where_the_score_is_not_the_same_twice():
    found = run(CHECK, Random())

    assert all(found["context_share", f"rows:{word}"].value is None for word in CONTEXT)
    assert found["unstable_share", "rows:repeated"].value == 1.0


def test_an_exception_on_an_empty_frame_is_a_note_and_on_one_row_a_fault():
    empty, single = run(CHECK, NoEmptyFrame()), run(CHECK, NoSingleRow())

    assert "0 sample" in empty["empty_raises", "rows:empty"].note
    assert set(verdicts(empty).values()) == {"PASS"}
    assert "needs two rows" in single["context_share", "rows:single"].note


def test_the_last_digits_of_single_precision_are_no_fault_but_a_millionth_of_the_spread_is():
    class Single(Sound):
        size = 2e-8

        def predict(self, X):
            return (200_000 + 1000 * truth(X)) * (1 + self.size * (len(X) % 7))

    class Coarse(Single):
        size = 2e-6

    assert set(verdicts(run(CHECK, Single(), task=REGRESSION)).values()) == {"PASS"}
    assert verdicts(run(CHECK, Coarse(), task=REGRESSION))["single"] == "FAIL"


def test_every_column_of_a_multiclass_score_is_held_against_itself():
    class Three(Sound):
        def predict(self, X):
            p = expit(truth(X))
            moved = 1e-3 * (len(X) == 1)
            return np.column_stack([p / 2, p / 2 + moved, 1 - p - moved])

        def predict_in_threads(self, X, threads):
            return np.stack([self.predict(X)] * threads)

    found = verdicts(run(CHECK, Three(), task=multiclass("a", "b", "c"), y=np.zeros(800)))

    assert found["single"] == "FAIL"
    assert found["batches"] == "PASS"


def test_no_rows_give_no_verdict():
    assert run(CHECK, Sound(), n=0)["unstable_share", "rows:repeated"].value is None


class Twister:
    """A model as users write it: keeps the rows in itself while it works on them, so that threads mix them up."""

    classes_ = (0, 1)

    def predict_proba(self, X):
        self.rows = X
        total = np.zeros(len(X))
        for name in ("a", "b"):
            total = total + sum(self.rows[name].to_numpy() for _ in range(50)) / 50
        p = 1 / (1 + np.exp(-total))
        return np.column_stack([1 - p, p])


@pytest.mark.parametrize("kind", ["sound", "twister"])
def test_a_real_worker_is_asked_in_threads_in_a_fresh_process_and_for_nothing(tmp_path, kind):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=600), "b": rng.normal(size=600)})
    path, code = tmp_path / "m.joblib", ()
    if kind == "sound":
        joblib.dump(LogisticRegression().fit(X, X.a > 0), path)
    else:
        import inspect
        import sys
        import types

        source = "import numpy as np\n\n" + inspect.getsource(Twister)
        code = (tmp_path / "twister_model.py",)
        code[0].write_text(source)
        module = types.ModuleType("twister_model")
        sys.modules["twister_model"] = module
        exec(source, module.__dict__)
        joblib.dump(module.Twister(), path)
        del sys.modules["twister_model"]
    task = {"task": "binary", "classes": (False, True) if kind == "sound" else (0, 1), "positive": kind == "sound" or 1}
    with open_model(path, code=code, features=list(X), **task) as model:
        found = measured(CHECK, given_of(CHECK, model, X))
        usage = model.usage()

    held = verdicts(found)
    assert held.pop("threads") == ("PASS" if kind == "sound" else "FAIL")
    assert set(held.values()) == {"PASS"}
    assert found["empty_raises", "rows:empty"].value == (kind == "sound")
    assert usage["single_row_calls"] == 60
    assert 0 < usage["single_row_ms"]["p50"] <= usage["single_row_ms"]["p99"]
    assert usage["rows_per_second"] > 0
    assert usage["peak_memory_mb"] > 10
    assert usage["cold_start_ms"] > 10
