"""Odd data: every check of the catalog gives a verdict or a reason, and never an error."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.catalog import catalog
from validators.core.errors import DataError, ProjectError
from validators.core.records import Status
from validators.engine.scoring import Scoring
from validators.engine.trial import resolve
from validators.io.project import read_project

from .projects import project
from .test_run import run

EDGES = {
    "one class": lambda role, f: f.assign(y=1) if role == "test" else f,
    "one row": lambda role, f: f.head(1) if role == "test" else f,
    "constant score": lambda role, f: f.assign(score=0.3, old=0.3),
    "missing scores": lambda role, f: f.assign(score=np.where(np.arange(len(f)) % 7 == 0, np.nan, f.score)),
    "all missing feature": lambda role, f: f.assign(x1=np.nan),
    "constant feature": lambda role, f: f.assign(x0=1.0, level="a"),
    "disjoint feature": lambda role, f: f.assign(x0=f.x0 + 1e6) if role == "test" else f,
    "tiny feature": lambda role, f: f.assign(x0=f.x0 * 1e-12),
    "new level": lambda role, f: f.assign(level="z") if role == "test" else f,
    "no outcomes in production": lambda role, f: f.drop(columns="y") if role == "production" else f,
    "some outcomes missing": lambda role, f: f.assign(y=f.y.astype(float).where(f.key % 3 > 0)),
    "empty production": lambda role, f: f.head(0) if role == "production" else f,
    "one date": lambda role, f: f.assign(when=pd.Timestamp("2025-05-05")),
}


@pytest.mark.parametrize("edge", EDGES)
def test_odd_data_get_a_verdict_or_a_reason_and_never_an_error(tmp_path, edge):
    found = run(project(tmp_path / "p", n=300, change=EDGES[edge]))

    assert [(r.code, r.reason) for r in found.results if r.status is Status.ERROR] == []
    for r in found.results:
        for m in r.measurements:
            assert all(x is None or np.isfinite(x) for x in (m.value, m.low, m.high)), (r.code, m)


def test_a_long_text_among_numbers_is_told_in_one_sentence(tmp_path):
    damaged = {"x0": lambda f: f.x0.astype(str).where(f.key % 100 > 0, "1.25" + "\0" * 5000)}
    folder = project(tmp_path / "p", n=300, change=lambda role, f: f.assign(**damaged) if role == "production" else f)

    with pytest.raises(DataError, match="'x0' is numeric") as told:
        run(folder, checks=[c for c in catalog() if c.code == "DRF104"])
    assert len(str(told.value)) < 500


@pytest.mark.parametrize(
    ("role", "column", "written"),
    [
        ("production", "when", lambda t: t.dt.strftime("%d/%m/%Y")),
        ("test", "when", lambda t: t.dt.strftime("%Y%m%d").astype(int)),
        ("test", "known", lambda t: t.dt.year),
        ("train", "read", lambda t: t.dt.strftime("%Y-%m-%d").where(t.dt.month > 1, "soon").where(t.dt.month != 2, "")),
    ],
)
def test_what_is_no_date_is_never_read_as_one(tmp_path, role, column, written):
    def change(name, frame):
        frame = frame.assign(known=frame.when, read=frame.when)
        return frame.assign(**{column: written(frame[column])}) if name == role else frame

    extra = 'label_time = "read"\nlabel_horizon = "1 day"\navailable_at = { x0 = "known" }'
    folder = project(tmp_path / "p", n=300, extra=extra, change=change)

    with pytest.raises(
        DataError, match=rf"^\[data\] {role}: column '{column}' .* holds '.*write times as 2024-01-31.*$"
    ):
        run(folder, checks=[c for c in catalog() if c.code in ("LEK102", "QUA101", "BKT101")])


@pytest.mark.parametrize("column", ["level", "key", "y"])
def test_lists_where_one_value_belongs_are_told_in_a_sentence(tmp_path, column):
    folder = project(tmp_path / "p", n=300)
    held = pd.read_parquet(folder / "train.parquet")
    held.assign(**{column: [[1, 2]] * 300}).to_parquet(folder / "train.parquet", index=False)

    with pytest.raises(
        ProjectError, match=rf"^\[data\] train: column '{column}' holds lists or records \(list.*leave it out$"
    ):
        run(folder)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.binary())])
@pytest.mark.parametrize("column", ["level", "y"])
def test_bytes_where_text_belongs_are_told_in_a_sentence(tmp_path, column, kind):
    """A model knows 'a' and not b'a'; keys may be bytes, for they are only compared with each other."""
    folder = project(tmp_path / "p", n=100)
    held = pd.read_parquet(folder / "train.parquet")
    table = pa.Table.from_pandas(held.assign(**{c: held[c].astype(str).str.encode("utf-8") for c in (column, "key")}))
    at = table.schema.get_field_index(column)
    pq.write_table(table.set_column(at, column, table.column(column).cast(kind)), folder / "train.parquet")

    with pytest.raises(ProjectError, match=rf"^\[data\] train: column '{column}' holds bytes .*; write it as text"):
        resolve(read_project(folder))


@pytest.mark.parametrize(
    ("favourable", "told"),
    [('"0"', "'0' is no class of 'y'; it has 0, 1"), ("7", "7 is no class"), ("0", ""), ("0.0", ""), ("false", "")],
)
def test_a_favourable_outcome_that_is_no_class_is_told(tmp_path, favourable, told):
    """It counted as not declared."""
    file = project(tmp_path / "p", n=100) / "seatrial.toml"
    file.write_text(file.read_text().replace("positive = 1", f"positive = 1\nfavourable = {favourable}"))

    if told:
        with pytest.raises(ProjectError, match=rf"^\[task\] favourable: {told}"):
            resolve(read_project(file.parent))
    else:
        assert resolve(read_project(file.parent)).task.favourable == 0


ZONED = {
    "zoned": lambda t: t.dt.tz_localize("Europe/Berlin"),
    "zoned text": lambda t: t.dt.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
    "naive": lambda t: t,
    "naive text": lambda t: t.dt.strftime("%Y-%m-%d %H:%M:%S"),
    "days": lambda t: t.dt.date,
    "days as text": lambda t: t.dt.strftime("%Y-%m-%d"),
}


@pytest.mark.parametrize("when", ["zoned", "naive", "zoned text"])
@pytest.mark.parametrize("known", ZONED)
def test_times_with_and_without_a_zone_are_not_compared(tmp_path, when, known):
    """Those without counted as UTC: values known 90 minutes late, by a clock in Berlin, were in time in every row."""

    def change(role, f):
        return (
            f.assign(known=ZONED[known](f.when), when=ZONED[when](f.when)) if role == "test" else f.assign(known=f.when)
        )

    read = read_project(project(tmp_path / "p", n=60, extra='available_at = { x0 = "known" }', change=change))
    if known.startswith("days") or known.split()[0] == when.split()[0]:
        assert resolve(read).project.columns.available_at == {"x0": "known"}
        return
    with pytest.raises(ProjectError, match=r"^\[data\] test: times of '\w+' have a time zone and those of '\w+' none"):
        resolve(read)


@pytest.mark.parametrize(("above", "usable"), [(2.0**-52, True), (2.0**-23, True), (1e-6, False)])
def test_probabilities_that_rounding_left_outside_are_at_the_bound(tmp_path, above, usable):
    """A score of 1.0000000000000002 was out of range, and its row in no metric."""

    def change(role, f):
        return f.assign(score=np.where(f.key % 5 == 0, 1 + above, np.where(f.key % 5 == 1, -above, f.score)))

    trial = resolve(read_project(project(tmp_path / "p", n=50, change=change)))
    frame = pd.read_parquet(tmp_path / "p" / "test.parquet")
    with Scoring(trial) as scoring:
        p = scoring.scores(frame)["candidate"][:, 0]

    assert ((p >= 0) & (p <= 1)).all() == usable
    kept = frame.key.to_numpy() % 5 > 1
    np.testing.assert_array_equal(p[kept], frame.score.to_numpy()[kept])


@pytest.mark.parametrize(
    ("role", "codes"),
    [("train", ["FIT101", "FIT104"]), ("reference", ["PRD102"]), ("production", ["BKT101", "BKT102", "BKT103"])],
)
def test_checks_of_a_role_without_predictions_are_told_the_role_and_the_column(tmp_path, role, codes):
    """The whole trial ended at "no column 'score' with predictions in this role"."""
    found = run(project(tmp_path / "p", n=300, change=lambda r, f: f.drop(columns="score") if r == role else f))
    told = [r.code for r in found.results if "no predictions" in r.reason]

    assert [(r.code, r.reason) for r in found.results if r.status is Status.ERROR] == []
    assert told == sorted(codes)
    assert {r.reason for r in found.results if r.code in codes} == {
        f"{role} data have no predictions (column 'score'); write that column into them"
    }


def test_a_check_that_compares_roles_can_be_run_alone(tmp_path):
    """The regions of FIT104 were an error where no other check asked for scores of train."""
    folder = project(tmp_path / "p", n=120)
    chosen = [c for c in catalog() if c.needs.models and len(c.needs.roles) > 1]
    found = [run(folder, checks=[check]).results[0] for check in chosen]

    assert [(r.code, r.reason) for r in found if r.status is Status.ERROR] == []
