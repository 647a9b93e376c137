"""Runs: every check of the catalog measures only what it declares, the same on any partition, order and number of workers."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.catalog import HEADINGS, catalog, families
from validators.cli.execute import policy_of
from validators.core.data import WEIGHT_ONE, Role
from validators.core.errors import DataError
from validators.core.records import Check, Family, Measurement, Needs, Status
from validators.engine.documents import dump, summaries_document
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.engine.workers import joblib_mapper, serial
from validators.io.project import read_project
from validators.summaries.totals import TotalsKind

from .projects import project, rows


def run(folder, *, mapper=serial, checks=None):
    trial = resolve(read_project(folder))
    return measure(trial, make_plan(trial, checks or catalog()), mapper=mapper)


def numbers(measured):
    """Everything that was measured, as text."""
    pairs = ((r, m) for r in measured.results for m in r.measurements)
    return [(r.code, r.status, r.reason, m.metric, m.subject, m.value, m.low, m.high, m.n) for r, m in pairs]


@pytest.fixture(scope="module", params=["binary", "regression", "multiclass"])
def task(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory, task):
    return project(tmp_path_factory.mktemp(task) / "p", task=task)


@pytest.fixture(scope="module")
def measured(folder):
    return run(folder)


def test_every_check_runs_or_says_why_not(measured):
    assert {r.code for r in measured.results} == {c.code for c in catalog()}
    for r in measured.results:
        assert r.status is not Status.ERROR, (r.code, r.reason)
        assert r.measurements or r.status is not Status.MEASURED, r.code
        assert r.reason or r.status is Status.MEASURED, r.code


def test_checks_measure_only_what_they_declare(measured):
    declared = {c.code: set(c.metrics) for c in catalog()}

    assert [
        (r.code, m.metric) for r in measured.results for m in r.measurements if m.metric not in declared[r.code]
    ] == []


def test_intervals_hold_their_estimate_and_undefined_numbers_have_a_note(measured):
    for r in measured.results:
        for m in r.measurements:
            assert m.value is not None or m.note, (r.code, m)
            if m.low is not None and m.high is not None and m.value is not None:
                assert m.low <= m.value + 1e-9, (r.code, m)
                assert m.value <= m.high + 1e-9, (r.code, m)
                assert m.level is not None, (r.code, m)
                assert m.method, (r.code, m)
                assert m.n_eff is not None, (r.code, m)


def shuffled(folder, target):
    """The same rows in another order and in row groups of 97."""
    target.mkdir()
    for path in folder.iterdir():
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path).sample(frac=1, random_state=4)
            pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), target / path.name, row_group_size=97)
        elif path.is_file():
            (target / path.name).write_bytes(path.read_bytes())
    return target


def test_order_and_partitions_of_the_rows_do_not_matter(folder, measured, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "validators.engine.scan.partitions",
        lambda path: __import__("validators.io.tables", fromlist=["x"]).partitions(path, rows=97),
    )
    other = run(shuffled(folder, tmp_path / "q"))

    assert numbers(measured) == numbers(other)
    assert dump(summaries_document(measured.summaries)) == dump(summaries_document(other.summaries))


def test_one_worker_and_two_give_the_same_bytes(folder, measured):
    other = run(folder, mapper=joblib_mapper(2))

    assert numbers(measured) == numbers(other)
    assert dump(summaries_document(measured.summaries)) == dump(summaries_document(other.summaries))


def test_weights_of_one_change_nothing(folder, measured, tmp_path, task):
    weighted = project(tmp_path / "w", task=task, extra='weight = "w"', add=lambda role, f: f.assign(w=1.0))

    assert numbers(measured) == numbers(run(weighted))


COUNTING = ("PRF101", "PRF102", "PRF104", "PRD102", "DRF101", "DRF102", "BKT101", "QUA102")


def test_the_unit_of_the_weights_does_not_matter(tmp_path, task):
    checks = [c for c in catalog() if c.code in COUNTING]

    def run_in(unit):
        def weighted(role, frame):
            return frame.assign(w=unit * np.random.default_rng(len(role)).exponential(1, len(frame)))

        return run(project(tmp_path / str(unit), task=task, extra='weight = "w"', add=weighted), checks=checks)

    assert len(numbers(run_in(1.0))) > 30
    assert numbers(run_in(2.0**-30)) == numbers(run_in(1.0)) == numbers(run_in(2.0**18))


def test_weights_add_up_to_the_effective_number_of_rows(tmp_path):
    folder = project(tmp_path / "w", extra='weight = "w"', add=lambda role, f: f.assign(w=1.0 + 9.0 * (f.key % 2)))
    totals = run(folder).summaries[Role.TEST, TotalsKind()]

    assert totals.weight / WEIGHT_ONE == pytest.approx(totals.n_eff, rel=1e-6)
    assert totals.n_eff == pytest.approx(600 * 5.5**2 / 50.5)


@pytest.mark.parametrize(("odd", "told"), [(-1.0, "negative"), (np.nan, "missing"), (np.inf, "infinite")])
def test_a_weight_that_is_none_is_told(tmp_path, odd, told):
    folder = project(
        tmp_path / "w", extra='weight = "w"', add=lambda role, f: f.assign(w=np.where(f.key % 600 == 5, odd, 1.0))
    )

    with pytest.raises(DataError, match=re.escape(told)):
        run(folder)


def test_a_prior_equal_to_the_candidate_raises_no_alarm(tmp_path, task):
    if task == "multiclass":
        pytest.skip("covered by the two others")
    same = run(project(tmp_path / "s", task=task, copy=lambda role, f: f.assign(old=f.score)))
    held = {
        (m.metric): m.value
        for r in same.results
        if r.code in ("PRD101", "PRF102", "BKT103")
        for m in r.measurements
        if m.subject == "model"
    }

    assert held.get("mean_change_sd") == pytest.approx(0)
    assert held.get("auc_loss", held.get("loss_increase")) == pytest.approx(0)


def test_a_model_that_refuses_rows_is_an_error_with_its_reason_and_the_rest_goes_on(tmp_path):
    folder = project(
        tmp_path / "p",
        n=300,
        model=True,
        hole=lambda role, f: f.assign(x0=f.x0.where(f.key % 50 > 0)) if role == "test" else f,
    )
    found = run(folder)
    status = {r.code: (r.status, r.reason) for r in found.results}

    assert status["PRF101"][0] is Status.ERROR
    assert "NaN" in status["PRF101"][1]
    assert status["DRF101"][0] is Status.MEASURED


def test_a_check_that_raises_is_an_error_and_ends_nothing(folder):
    def broken(given):
        raise ZeroDivisionError("no such luck")

    def nan(given):
        yield Measurement(metric="m", subject="model", value=float("nan"), n=1)

    def undeclared(given):
        yield Measurement(metric="other", subject="model", value=1.0, n=1)

    checks = [
        Check(
            code=f"TST10{i}",
            family=Family.STRESS,
            title="t",
            metrics=("m",),
            needs=Needs(roles=(Role.TEST,)),
            measure=f,
            doc="",
        )
        for i, f in enumerate((broken, nan, undeclared))
    ]
    found = run(folder, checks=checks)

    assert [r.status for r in found.results] == [Status.ERROR] * 3
    assert "no such luck" in found.results[0].reason
    assert "nan" in found.results[1].reason
    assert "does not declare" in found.results[2].reason


def test_missing_roles_are_not_applicable_with_the_way_out(tmp_path):
    folder = project(tmp_path / "p", n=300)
    text = (folder / "seatrial.toml").read_text().replace('production = "production.parquet"\n', "")
    (folder / "seatrial.toml").write_text(text)
    found = {r.code: r for r in run(folder).results}

    assert found["BKT101"].status is Status.NOT_APPLICABLE
    assert "add production" in found["BKT101"].reason
    assert found["NOI101"].status is Status.NOT_APPLICABLE
    assert "predictions only" in found["NOI101"].reason


def test_without_key_entity_and_time_nothing_that_the_roles_could_share_is_asked_for(tmp_path):
    """A table of features and an outcome: LEK105 has nothing to look at, and no policy may wait for it."""
    folder = project(tmp_path / "p", n=300)
    lines = (folder / "seatrial.toml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("key", "entity", "time", "production", "serving"))]
    (folder / "seatrial.toml").write_text("\n".join(kept))
    trial = resolve(read_project(folder))
    found = measure(trial, make_plan(trial, catalog(), only=("LEK105",))).results[0]
    policy, _ = policy_of(trial.project)

    assert found.status is Status.NOT_APPLICABLE
    assert found.reason == "no column is declared as key or entity or time; name one of them under [columns]"
    assert policy.requirement("LEK105", "leakage") == "if_roles_given"


def test_quick_takes_at_most_its_rows_and_leaves_slow_checks_out(tmp_path, monkeypatch):
    folder = project(tmp_path / "p", n=500)
    monkeypatch.setattr("validators.engine.plan.QUICK_ROWS", 200)
    trial = resolve(read_project(folder))
    plan = make_plan(trial, catalog(), suite="quick")
    found = measure(trial, plan)
    outcome = next(m for r in found.results if r.code == "PRF101" for m in r.measurements if m.metric == "auc")

    assert outcome.n == 200
    assert not any(c.slow for c in plan.checks)


@pytest.mark.parametrize("check", catalog(), ids=lambda c: c.code)
def test_every_check_explains_itself(check):
    assert all(f"{h}\n{'-' * len(h)}" in check.doc for h in HEADINGS)
    assert check.doc.startswith(f"{check.code}: ")
    assert check.metrics
    assert families()[check.code] == check.family.value


def test_inputs_are_left_as_they_were(folder):
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    run(folder)

    assert before == {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_a_planted_shift_is_found_and_named(tmp_path):
    folder = project(tmp_path / "p", n=3000, shift=lambda role, f: f.assign(x0=f.x0 + 0.6) if role == "test" else f)
    found = next(r for r in run(folder).results if r.code == "DRF101")
    shifts = {m.subject: m for m in found.measurements if m.metric == "shift_sigma"}

    assert shifts["feature:x0"].low > 0.3
    assert max(m.value for s, m in shifts.items() if s != "feature:x0") < 0.15


def test_metrics_agree_with_scikit_learn(tmp_path):
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    folder = project(tmp_path / "p", n=800)
    test = rows(800, 2)
    found = next(r for r in run(folder).results if r.code == "PRF101")
    held = {m.metric: m.value for m in found.measurements if m.subject == "model"}

    assert held["auc"] == pytest.approx(roc_auc_score(test.y, test.score), abs=1e-12)
    assert held["average_precision"] == pytest.approx(average_precision_score(test.y, test.score), abs=1e-12)
    assert held["log_loss"] == pytest.approx(log_loss(test.y, test.score), abs=1e-7)  # 26-bit fixed point
    assert held["brier"] == pytest.approx(brier_score_loss(test.y, test.score), abs=1e-7)
    assert held["recall"] == pytest.approx(((test.score >= 0.4) & (test.y == 1)).sum() / test.y.sum())


def test_the_document_is_plain_json(measured):
    json.dumps(summaries_document(measured.summaries), allow_nan=False)


def test_refits_see_the_features_that_the_candidate_lists(tmp_path):
    folder = project(tmp_path / "p", n=400, model=True)
    text = (folder / "seatrial.toml").read_text()
    (folder / "seatrial.toml").write_text(text.replace('"x0", "whole"', '"x0", "x1", "whole"'))
    trial = resolve(read_project(folder))
    found = measure(trial, make_plan(trial, catalog(), only=["FIT102"]))
    notes = [m.note for r in found.results for m in r.measurements if m.metric == "score_lost_to_refit"]

    assert found.given["FIT102"].reads == ("x0", "whole")
    assert ["on the 2 features that the candidate lists" in note for note in notes] == [True]
