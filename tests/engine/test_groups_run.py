"""The bias checks inside a run: the same on any order, partitioning and weight of one; odd groups never end in an error."""

import numpy as np
import pandas as pd
import pytest

from validators.catalog import catalog
from validators.core.records import Status
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project

from .projects import project
from .test_run import numbers, shuffled

CHECKS = tuple(c for c in catalog() if c.family.value == "bias")
SENSITIVE = 'sensitive = ["sex", "years"]'


def who(role, frame):
    rng = np.random.default_rng(len(role))
    n = len(frame)
    sex = pd.Series(rng.choice(["f", "m", None], n, p=[0.5, 0.45, 0.05]), dtype=object)
    return frame.assign(sex=sex.to_numpy(), years=rng.integers(18, 80, n))


def run(folder, favourable="0"):
    path = folder / "seatrial.toml"
    text = path.read_text()
    if "threshold" in text and "favourable" not in text and favourable:
        path.write_text(text.replace("threshold = 0.4", f"threshold = 0.4\nfavourable = {favourable}"))
    trial = resolve(read_project(folder))
    return measure(trial, make_plan(trial, CHECKS))


@pytest.fixture(scope="module", params=["binary", "regression", "multiclass"])
def task(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory, task):
    return project(tmp_path_factory.mktemp(task) / "p", task=task, extra=SENSITIVE, who=who)


@pytest.fixture(scope="module")
def measured(folder):
    return run(folder)


def test_every_check_runs_or_says_why_not(measured):
    assert [(r.code, r.reason) for r in measured.results if r.status is Status.ERROR] == []
    assert sum(r.status is Status.MEASURED for r in measured.results) >= 3
    for r in measured.results:
        assert r.measurements or r.status is not Status.MEASURED, r.code


def test_order_and_partitions_of_the_rows_do_not_matter(folder, measured, tmp_path):
    assert numbers(measured) == numbers(run(shuffled(folder, tmp_path / "q")))


def test_weights_of_one_change_nothing(measured, tmp_path, task):
    weighted = project(
        tmp_path / "w", task=task, extra=SENSITIVE + '\nweight = "w"', who=who, add=lambda role, f: f.assign(w=1.0)
    )

    assert numbers(measured) == numbers(run(weighted))


def test_without_a_sensitive_column_nothing_applies_and_the_way_out_is_told(tmp_path):
    found = run(project(tmp_path / "p", n=200))

    assert {r.status for r in found.results} == {Status.NOT_APPLICABLE}
    assert all("sensitive = [" in r.reason for r in found.results if r.code != "BIA106")


ODD = {
    "one group": lambda role, f: f.assign(sex="f"),
    "all missing": lambda role, f: f.assign(sex=None, years=np.nan),
    "a group each": lambda role, f: f.assign(sex=[f"p{k}" for k in range(len(f))]),
    "one row": lambda role, f: f.head(1) if role == "test" else f,
    "no outcomes": lambda role, f: f.assign(y=pd.Series([None] * len(f), dtype="Int64")) if role == "test" else f,
    "one class": lambda role, f: f.assign(y=1) if role == "test" else f,
    "constant score": lambda role, f: f.assign(score=0.3),
    "missing scores": lambda role, f: f.assign(score=np.where(np.arange(len(f)) % 7 == 0, np.nan, f.score)),
    "no weight": lambda role, f: f.assign(w=np.where(f.sex == "m", 0.0, 1.0)),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_groups_get_a_number_or_a_reason(tmp_path, odd):
    extra = SENSITIVE + ('\nweight = "w"' if odd == "no weight" else "")
    found = run(project(tmp_path / "p", n=300, extra=extra, who=who, change=ODD[odd]))

    assert [(r.code, r.reason) for r in found.results if r.status is Status.ERROR] == []
    for r in found.results:
        for m in r.measurements:
            assert m.value is not None or m.note, m
            assert all(x is None or np.isfinite(x) for x in (m.value, m.low, m.high)), m
