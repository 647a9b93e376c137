"""Serving as it comes: nothing that is wrong with its columns ends a run; golden rows are read and replayed."""

import joblib
import numpy as np
import pandas as pd
import pytest

from validators.catalog import catalog
from validators.core.errors import DataError, ProjectError
from validators.core.records import Family, Status
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.io.tables import partitions

from .projects import project

PIPELINE = [c for c in catalog() if c.family is Family.PIPELINE]


def served(folder, change=lambda f: f, *, golden=None, **how):
    """A project with serving rows, and its results of the pipeline family."""
    project(folder, n=300, **how)
    test = pd.read_parquet(folder / "test.parquet").drop(columns="y")
    change(test.sample(frac=1, random_state=0)).to_parquet(folder / "serving.parquet", index=False, row_group_size=50)
    lines = 'serving = "serving.parquet"\n'
    if golden is not None:
        (folder / "golden").mkdir()
        golden(folder).to_csv(folder / "golden" / "rows.csv", index=False)
        lines += 'golden = "golden"\n'
    text = (folder / "seatrial.toml").read_text().replace("[columns]\n", f"{lines}[columns]\n")
    (folder / "seatrial.toml").write_text(text)
    trial = resolve(read_project(folder))
    return {r.code: r for r in measure(trial, make_plan(trial, PIPELINE)).results}


def values(result):
    return {(m.metric, m.subject): m.value for m in result.measurements}


@pytest.mark.parametrize("task", ["binary", "regression", "multiclass"])
def test_sound_serving_differs_in_nothing(tmp_path, task):
    found = served(tmp_path / "p", task=task)

    assert [(r.code, r.reason) for r in found.values() if r.status is Status.ERROR] == []
    assert values(found["PIP103"])["rows_differ", "model"] == 0.0
    assert values(found["PIP104"])["scores_differ", "model"] == 0.0


ODD = {
    "a feature is missing": lambda f: f.drop(columns="x0"),
    "all features are missing": lambda f: f[["key"]],
    "a number arrives as text": lambda f: f.assign(x0=f.x0.map("{:.3f} EUR".format)),
    "time is unreadable": lambda f: f.assign(when="some day"),
    "no rows": lambda f: f.head(0),
    "other keys": lambda f: f.assign(key=f.key + 10**6),
    "keys as text": lambda f: f.assign(key=f.key.map("k{}".format)),
    "keys twice": lambda f: pd.concat([f, f]),
    "an outcome of another kind": lambda f: f.assign(y="none"),
    "lists for a number and a time": lambda f: f.assign(x0=[[1, 2]] * len(f), when=[[1]] * len(f)),
    "lists for a key": lambda f: f.assign(key=[[1, 2]] * len(f)),
    "all null": lambda f: f.assign(x0=None),
    "infinite": lambda f: f.assign(x0=np.inf),
}


@pytest.mark.parametrize("odd", ODD)
def test_whatever_is_wrong_with_serving_is_a_finding_and_never_ends_a_run(tmp_path, odd):
    found = served(tmp_path / "p", ODD[odd])

    assert [(r.code, r.reason) for r in found.values() if r.status is Status.ERROR] == []
    for result in found.values():
        assert all(m.value is None or np.isfinite(m.value) for m in result.measurements)


def test_order_and_partitions_of_served_rows_do_not_matter(tmp_path, monkeypatch):
    change = lambda f: f.assign(x0=f.x0.where(f.key % 3 > 0, f.x0 * 12), level=f.level.str.upper())  # noqa: E731
    once = served(tmp_path / "a", change)
    split = {}
    monkeypatch.setattr(
        "validators.engine.scan.partitions", lambda path: split.setdefault(path.stem, partitions(path, rows=97))
    )
    again = served(tmp_path / "b", lambda f: change(f).sample(frac=1, random_state=9))

    assert {c: r.measurements for c, r in once.items()} == {c: r.measurements for c, r in again.items()}
    assert len(split["serving"]) == 3
    assert any("×12" in m.note for m in once["PIP103"].measurements)


def test_a_missing_feature_is_named_and_no_score_is_made_up(tmp_path):
    found = served(tmp_path / "p", ODD["a feature is missing"], model=True)

    assert values(found["PIP101"])["absent_feature", "feature:x0"] == 1.0
    assert values(found["PIP104"])["scores_differ", "model"] is None
    assert values(found["PIP106"])["changed_scores", "model"] is None
    assert found["PIP107"].status is Status.NOT_APPLICABLE
    assert 'add golden = "..."' in found["PIP107"].reason


def scored(change=0.0):
    def golden(folder):
        X = pd.read_parquet(folder / "test.parquet")[["x0", "whole"]].head(20)
        return X.assign(score=joblib.load(folder / "candidate.joblib").predict_proba(X)[:, 1] + change)

    return golden


def test_golden_rows_are_replayed(tmp_path):
    sound, other = (
        served(tmp_path / "a", model=True, golden=scored()),
        served(tmp_path / "b", model=True, golden=scored(0.01)),
    )

    assert values(sound["PIP107"])["golden_misses", "model"] == 0.0
    assert values(other["PIP107"])["golden_misses", "model"] == 1.0
    assert values(sound["PIP106"])["changed_scores", "rows:small_batches"] == 0.0


def test_golden_rows_without_a_column_are_told_what_is_missing(tmp_path):
    with pytest.raises(DataError, match="no column 'score'"):
        served(tmp_path / "p", model=True, golden=lambda folder: scored()(folder).rename(columns={"score": "scores"}))


@pytest.mark.parametrize(
    ("wrong", "words"), [(None, r"1 of 20 rows, first in row 4 \(nothing\)"), ("n/a", "nothing"), ("high", "'high'")]
)
def test_a_golden_row_without_an_expected_score_is_refused(tmp_path, wrong, words):
    """Where the model gave no score either, the two agreed."""

    def golden(folder):
        frame = scored()(folder)
        return frame.assign(score=frame["score"].astype(object).where(np.arange(len(frame)) != 3, wrong))

    with pytest.raises(DataError, match=rf"rows.csv: 'score' is no number in .*{words}.*write down the score"):
        served(tmp_path / "p", model=True, golden=golden)


def in_files(folder, role, *frames):
    """The role as a folder of files instead of one."""
    (folder / role).mkdir()
    for k, frame in enumerate(frames):
        frame.to_parquet(folder / role / f"part-{k}.parquet", index=False)
    text = (folder / "seatrial.toml").read_text()
    old = f'{role} = "{role}.parquet"\n'
    text = (
        text.replace(old, f'{role} = "{role}"\n')
        if old in text
        else text.replace("[columns]\n", f'{role} = "{role}"\n[columns]\n')
    )
    (folder / "seatrial.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("change", "metric", "words"),
    [
        (lambda f: f, None, ""),
        (lambda f: f.drop(columns="x0"), "absent_feature", "x0 is not in 1 of 2 files (the first: part-1.parquet)"),
        (lambda f: f.assign(x0=f.x0.map("{:.3f} EUR".format)), "other_type", "x0 is number in test and number and text in serving"),
        (lambda f: f.assign(x0=None), None, ""),
    ],
)  # fmt: skip
def test_a_later_served_file_with_other_columns_is_a_finding(tmp_path, change, metric, words):
    folder = project(tmp_path / "p", n=300)
    test = pd.read_parquet(folder / "test.parquet").drop(columns="y")
    trial = resolve(read_project(in_files(folder, "serving", test[:150], change(test[150:]))))
    found = {r.code: r for r in measure(trial, make_plan(trial, PIPELINE)).results}

    assert [(r.code, r.reason) for r in found.values() if r.status is Status.ERROR] == []
    held = {m.metric: m for m in found["PIP101"].measurements if m.value == 1.0 and m.subject == "feature:x0"}
    assert set(held) - {"served_missing"} == ({metric} if metric else set())
    assert metric is None or held[metric].note.startswith(words)
    differ = values(found["PIP103"])["rows_differ", "model"]
    assert (differ > 0.4) == (not change(test).equals(test))


@pytest.mark.parametrize(
    ("role", "change", "words"),
    [
        ("test", lambda f: f.drop(columns="x0"), "[data] test: part-1.parquet has no column 'x0', which part-0.parquet has"),
        ("train", lambda f: f.assign(x0="a"), "[data] train: column 'x0' is number in part-0.parquet and text in part-1.parquet"),
        ("serving", lambda f: f.drop(columns="key"), "[data] serving: part-1.parquet has no column 'key'"),
    ],
)  # fmt: skip
def test_a_later_file_of_another_role_with_other_columns_is_told_in_a_sentence(tmp_path, role, change, words):
    folder = project(tmp_path / "p", n=300)
    whole = pd.read_parquet(folder / f"{'test' if role == 'serving' else role}.parquet")
    read = read_project(in_files(folder, role, whole[:150], change(whole[150:])))

    with pytest.raises(ProjectError) as error:
        resolve(read)
    assert error.value.problems[0].startswith(words)
    assert resolve(
        read_project(in_files(project(tmp_path / "q", n=300), role, whole[:150], whole[150:].assign(more=1)))
    )
