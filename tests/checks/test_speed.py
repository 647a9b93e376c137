"""STR107: times are those that the model takes, and nobody is asked for them who did not set a limit."""

from dataclasses import replace
from unittest.mock import patch

import joblib
import numpy as np
import pytest
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from tests.engine.projects import project
from validators.checks.speed import CHECK, Options
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.models.client import open_model

from .performance_cases import frame, measured, truth, verdict
from .stress_cases import Sound, given_of, run

FEW = Options(warm_up=2, single=100, batch=500, batches=6, starts=6)


class Timed(Sound):
    """Moves a clock of its own: so many milliseconds a call, and each start takes a tenth of a second more than the one before."""

    ms, now = 1.0, 0.0
    starts = iter(range(0, 10_000, 100))

    def predict(self, X):
        Timed.now += self.ms / 1000
        return super().predict(X)

    def usage(self):
        return {"cold_start_ms": float(next(self.starts)), "peak_memory_mb": 512.0}


class Slow(Timed):
    ms = 10.0


def found_of(model, options=FEW):
    with patch("validators.checks.speed.perf_counter", lambda: Timed.now):
        return {metric: m for (metric, _), m in run(CHECK, model, n=300, options=options).items()}


def test_a_slow_model_is_beyond_a_limit_that_a_quick_one_keeps():
    slow, quick = found_of(Slow()), found_of(Timed())
    limits = {"warn": 8.0, "fail": 9.0}

    assert verdict(slow["latency_p95_ms"], **limits) == "FAIL"
    assert verdict(quick["latency_p95_ms"], **limits) == "PASS"
    assert slow["latency_p95_ms"].value == pytest.approx(10.0)
    assert (slow["rows_per_second"].value, quick["rows_per_second"].value) == pytest.approx((50_000, 500_000))
    assert slow["peak_memory_mb"].value == 512.0


def test_an_interval_holds_between_order_statistics_with_the_probability_that_is_named():
    """Another route: the binomial probability that the quantile lies between the order statistics that are given."""
    m = found_of(Timed(), Options(warm_up=1, single=60, batch=300, batches=6, starts=9))["cold_start_ms"]
    low, high = (int(v // 100) for v in (m.low, m.high))
    first = low - int(m.value // 100) + 4  # the median of nine is the fifth
    last = high - int(m.value // 100) + 4

    assert m.low < m.value < m.high
    assert binom.cdf(last, 9, 0.5) - binom.cdf(first, 9, 0.5) >= m.level == 0.95


def test_too_few_calls_have_no_interval_and_no_verdict():
    m = found_of(Timed(), Options(warm_up=0, single=20, batch=50, batches=3, starts=2))["latency_p95_ms"]

    assert (m.value, m.low, m.level) == (None, None, None)
    assert "too few" in m.note


def test_a_model_without_a_process_of_its_own_is_not_timed():
    class Bare:
        def predict(self, X):
            return np.full(len(X), 0.5)

    found = measured(CHECK, given_of(CHECK, Bare(), frame(50)))

    assert {m.value for m in found.values()} == {None}


@pytest.mark.parametrize(
    ("limited", "only", "runs"), [((), (), False), (("STR107",), (), True), ((), ("STR107",), True)]
)
def test_it_runs_where_a_limit_or_the_command_asks(limited, only, runs, tmp_path):
    trial = resolve(read_project(project(tmp_path / "p", n=100, model=True)))
    brief = replace(CHECK, options=Options(warm_up=0, single=75, batch=100, batches=1, starts=1))
    (result,) = measure(trial, make_plan(trial, (brief,), limited=limited, only=only)).results

    assert result.status == ("MEASURED" if runs else "NOT_APPLICABLE")
    assert runs or "--check STR107" in result.reason


def test_the_process_of_a_real_model_is_timed(tmp_path):
    X = frame(200)[["age", "income"]].fillna(20.0)
    path = tmp_path / "model.joblib"
    joblib.dump(LogisticRegression().fit(X, truth(frame(200)) > 0), path)
    with open_model(path, task="binary", classes=(0, 1), positive=1, features=list(X)) as model:
        found = {k[0]: m for k, m in measured(CHECK, given_of(CHECK, model, X, options=replace(FEW, starts=1))).items()}

    assert found["latency_p95_ms"].low > 0
    assert found["rows_per_second"].low > 0
    assert 20 < found["peak_memory_mb"].value < 2000
    assert "too few" in found["cold_start_ms"].note
