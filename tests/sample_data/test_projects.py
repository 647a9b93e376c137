"""The sample projects are whole, and the faults planted in `lending` can be measured in its files."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import log_loss, roc_auc_score

from validators.core.data import Role
from validators.io.project import read_project
from validators.io.slices import members, parse_slice

from .projects import NAMES, SAMPLES, opened, role_rows

WEAK = "region == south & purpose == business & term_months >= 48"


@pytest.fixture(scope="module")
def lending():
    project = read_project(SAMPLES / "lending")
    return project, {role.value: role_rows(project, role) for role in project.data}


@pytest.fixture(scope="module")
def scores(lending):
    """Scores of candidate and prior on test and production, from the worker process."""
    project, rows = lending
    out = {}
    for which in ("candidate", "prior"):
        with opened(project, which) as model:
            out[which] = {role: model.predict(rows[role]) for role in ("test", "production", "reference")}
    return out


@pytest.mark.parametrize("name", NAMES)
def test_the_project_file_reads_and_names_only_files_that_exist(name):
    project = read_project(SAMPLES / name)

    for path in (project.candidate, project.prior, *project.code, *project.data.values()):
        assert path.is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_column_that_the_project_names_is_there(name):
    project = read_project(SAMPLES / name)
    columns = project.columns
    wanted = {*columns.features, *columns.sensitive, *columns.without_features, *columns.available_at}

    for role in project.data:
        needed = wanted | ({project.task.target} if role is not Role.SERVING else set())
        assert needed <= set(role_rows(project, role).columns), role
    assert columns.features
    assert project.task.target not in columns.features


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_and_no_row_is_in_two_roles(name):
    project = read_project(SAMPLES / name)
    keys = pd.concat(
        [role_rows(project, role)[project.columns.key] for role in project.data if role is not Role.SERVING]
    )

    assert keys.is_unique


@pytest.mark.parametrize("name", NAMES)
def test_declared_slices_hold_rows_enough_to_judge(name):
    project = read_project(SAMPLES / name)
    rows = role_rows(project, Role.TEST)

    for terms in project.slices.values():
        assert 100 <= members(terms, rows).sum() < len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_the_datasheet_gives_source_licence_columns_and_measured_numbers(name):
    text = (SAMPLES / name / "DATASHEET.md").read_text("utf-8")
    project = read_project(SAMPLES / name)

    assert re.search(r"^\| source \| .+", text, re.MULTILINE)
    assert re.search(r"^\| licence( of the data)? \| (MIT|CC BY 4\.0|Apache-2\.0)", text, re.MULTILINE)
    for column in role_rows(project, Role.TEST).columns:
        assert f"`{column}`" in text, column
    assert text.count("| candidate |") >= 3  # one line per role in the measured table


@pytest.mark.parametrize("name", ["hotel", "credit"])
def test_real_data_carry_the_notice_of_their_licence(name):
    text = (SAMPLES / name / "DATASHEET.md").read_text("utf-8")

    assert "Copyright (c) 2023 modeldata authors" in text
    assert "Permission is hereby granted, free of charge" in text


@pytest.mark.parametrize("file", ["DATASHEET.md", "seatrial.toml"])
def test_lending_says_on_its_first_line_that_it_is_simulated(file):
    first = (SAMPLES / "lending" / file).read_text("utf-8").splitlines()[0]

    assert "simulated" in first.lower()


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_stays_below_three_megabytes(name):
    files = [f for f in (SAMPLES / name).iterdir() if f.is_file()]

    assert sum(f.stat().st_size for f in files) < 3_000_000


def test_the_samples_show_skops_joblib_and_native_xgboost():
    projects = [read_project(SAMPLES / name) for name in NAMES]
    suffixes = {path.suffix for p in projects for path in (p.candidate, p.prior)}

    assert {".skops", ".joblib", ".ubj"} <= suffixes


@pytest.mark.parametrize("name", NAMES)
def test_both_models_score_raw_rows_in_the_worker(name):
    project = read_project(SAMPLES / name)
    rows = role_rows(project, Role.TEST)
    truth = rows[project.task.target]

    for which in ("candidate", "prior"):
        with opened(project, which) as model:
            p = model.predict(rows)
        assert np.isfinite(p).all()
        if project.task.type == "binary":
            assert roc_auc_score(truth == project.task.positive, p) > 0.75
        else:
            assert np.corrcoef(truth, p)[0, 1] ** 2 > 0.7


def test_lending_fills_every_role_with_20000_rows_over_36_months(lending):
    _, rows = lending
    own = {role: r for role, r in rows.items() if role != "serving"}
    months = pd.concat([r["applied_at"] for r in own.values()]).dt.to_period("M")

    assert set(rows) == {role.value for role in Role}
    assert sum(len(r) for r in own.values()) == 20_000
    assert months.nunique() == 36
    ends = [
        (own[r]["applied_at"].min(), own[r]["applied_at"].max()) for r in ("train", "reference", "test", "production")
    ]
    assert all(before[1] < after[0] for before, after in pairwise(ends))


def test_lending_customers_come_again_but_never_in_another_role(lending):
    _, rows = lending
    own = [set(r["customer_id"]) for role, r in rows.items() if role != "serving"]

    assert len(set.union(*own)) == sum(len(c) for c in own)
    assert rows["test"]["customer_id"].duplicated().mean() > 0.1


def test_serving_holds_the_keys_of_test_and_no_outcome(lending):
    _, rows = lending

    assert sorted(rows["serving"]["application_id"]) == sorted(rows["test"]["application_id"])
    assert "default" not in rows["serving"]


def test_plant_weak_slice_more_than_doubles_the_loss(lending, scores):
    _, rows = lending
    weak = members(parse_slice(WEAK), rows["test"])
    y, p = rows["test"]["default"], scores["candidate"]["test"]
    before = members(parse_slice(WEAK), rows["reference"])
    y0, p0 = rows["reference"]["default"], scores["candidate"]["reference"]

    assert weak.sum() > 150
    assert log_loss(y[weak], p[weak]) / log_loss(y[~weak], p[~weak]) > 2
    assert log_loss(y0[before], p0[before]) / log_loss(y0[~before], p0[~before]) < 1.5  # not there yet


def test_plant_drift_is_in_utilisation_and_nowhere_else(lending):
    project, rows = lending
    numeric = [f for f in project.columns.features if pd.api.types.is_numeric_dtype(rows["test"][f])]
    distance = {f: ks_2samp(rows["reference"][f].dropna(), rows["test"][f].dropna()).statistic for f in numeric}

    assert distance.pop("utilisation") > 0.15
    del distance["bureau_score"]  # follows the risk, and so utilisation
    assert max(distance.values()) < 0.04  # 99 % point of the null at 3,500 and 4,500 rows: 0.037


def test_plant_leak_is_late_in_a_tenth_of_the_rows_of_every_role(lending):
    _, rows = lending

    for role in ("train", "test", "reference", "production"):
        late = rows[role]["bureau_score_at"] > rows[role]["applied_at"]
        assert 0.08 < late.mean() < 0.12
        assert roc_auc_score(rows[role]["default"][late], -rows[role]["bureau_score"][late]) > 0.95


def test_plant_brittle_feature_moves_the_candidate_and_not_the_prior(lending):
    project, rows = lending
    test = rows["test"]
    nudge = 0.01 * test["loan_amount"].std() * np.random.default_rng(0).normal(size=len(test))
    moved = test.assign(loan_amount=test["loan_amount"] + nudge)
    size = {}
    for which in ("candidate", "prior"):
        with opened(project, which) as model:
            a, b = (np.log(p / (1 - p)) for p in (model.predict(test), model.predict(moved)))
        size[which] = np.sqrt(np.mean((b - a) ** 2)) / a.std()

    assert size["candidate"] > 0.2
    assert size["prior"] < 0.05


def test_plant_decay_begins_in_august_2024(lending, scores):
    _, rows = lending
    production, p = rows["production"], scores["candidate"]["production"]
    early = production["applied_at"] < pd.Timestamp("2024-08-01")
    before, after = (roc_auc_score(production["default"][m], p[m]) for m in (early, ~early))

    assert before - after > 0.10
    assert abs(before - roc_auc_score(rows["test"]["default"], scores["candidate"]["test"])) < 0.03


def test_plant_unit_is_income_by_the_month_and_nothing_else_differs(lending):
    project, rows = lending
    served = rows["serving"].set_index("application_id").loc[rows["test"]["application_id"]].reset_index()

    np.testing.assert_allclose(rows["test"]["income"] / served["income"], 12, rtol=1e-4)
    others = [f for f in project.columns.features if f != "income"]
    pd.testing.assert_frame_equal(rows["test"][others], served[others])


def test_lending_is_sound_where_nothing_is_planted(lending, scores):
    """On reference, before the plants in the outcomes begin: calibrated, and the candidate about as good as the prior."""
    _, rows = lending
    y = rows["reference"]["default"]
    candidate, prior = scores["candidate"]["reference"], scores["prior"]["reference"]

    assert abs(candidate.mean() / y.mean() - 1) < 0.10
    assert abs(roc_auc_score(y, candidate) - roc_auc_score(y, prior)) < 0.01
    assert np.mean((candidate >= 0.31) != (prior >= 0.31)) < 0.10
