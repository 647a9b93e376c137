import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.pages.runs import project, run
from validators.core.data import Role
from validators.core.errors import ProjectError, RunError
from validators.engine import places
from validators.io.project import read_project
from validators.summaries.outcomes import OutcomesKind


@pytest.fixture
def environment(tmp_path):
    return {"SEATRIAL_HOME": str(tmp_path / "home"), "SEATRIAL_DATA_ROOT": str(tmp_path / "root")}


def test_projects_are_known_by_an_id_and_never_by_a_path(tmp_path, environment):
    own = project(tmp_path / "home")
    rooted = project(tmp_path / "elsewhere")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "data").symlink_to(rooted)
    environment["SEATRIAL_PROJECT"] = str(rooted)

    known = places.known_projects(environment)

    assert known["my-credit"] == own
    assert known["this-credit"] == rooted
    assert known["root-data"] == (tmp_path / "root" / "data")
    assert not [name for name in known if "/" in name or ".." in name]


def test_runs_come_newest_first_and_the_shipped_one_last(tmp_path):
    folder = project(tmp_path)
    run(folder, name="20250101T000000Z-a")
    run(folder, name="20260101T000000Z-b")
    (folder / "runs" / "broken").mkdir()
    (folder / "runs" / "20250101T000000Z-a").rename(folder / "results")

    assert list(places.runs_of(folder)) == ["20260101T000000Z-b", "results"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Credit default", "credit-default"), ("../../etc/passwd", "etc-passwd"), ("", "project"), ("ü!", "project")],
)
def test_a_new_project_is_a_folder_in_the_home_and_nowhere_else(tmp_path, environment, name, expected):
    folder = places.new_project(name, environment)

    assert folder == tmp_path / "home" / "projects" / expected
    assert places.new_project(name, environment).name == f"{expected}-2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("test.csv", "test.csv"), ("../../x.csv", "x.csv"), ("C:\\data\\a b.csv", "a_b.csv"), (".hidden", "hidden")],
)
def test_the_name_of_an_upload_keeps_no_folder(name, expected):
    assert places.safe_name(name) == expected


@pytest.mark.parametrize("name", ["", "..", "/", "..\\"])
def test_a_name_of_which_nothing_is_left_is_refused(name):
    with pytest.raises(ProjectError):
        places.safe_name(name)


def test_an_upload_becomes_a_project_that_can_be_read(tmp_path, environment):
    content = (project(tmp_path / "other") / "test.csv").read_bytes()

    folder, reasons = places.receive({"test.csv": content}, "my upload", environment)

    assert read_project(folder).data[Role.TEST].name == "test.csv"
    assert reasons


def test_the_features_of_an_upload_are_those_that_its_model_reads(tmp_path, environment):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(size=60), "income": rng.normal(size=60), "branch": 3.5, "y": [0, 1] * 30})
    model = LogisticRegression().fit(table[["income", "age"]], table["y"])
    joblib.dump(model, tmp_path / "candidate.joblib")
    files = {
        "test.csv": table.to_csv(index=False).encode(),
        "candidate.joblib": (tmp_path / "candidate.joblib").read_bytes(),
    }

    folder, reasons = places.receive(files, "mine", environment)

    assert read_project(folder).columns.features == ("income", "age")
    assert "2 columns are features: the candidate lists them as its own" in reasons


def test_an_upload_that_cannot_be_read_is_told_by_its_own_name_and_leaves_nothing(tmp_path, environment):
    with pytest.raises(ProjectError) as caught:
        places.receive({"test.csv": b"a;y\n1;0\n"}, "mine", environment)

    assert str(caught.value).startswith("test.csv: its columns are separated by ';'")
    assert not list((places.home(environment) / "projects").iterdir())


def test_a_project_file_that_is_there_is_never_guessed_over(tmp_path):
    folder = project(tmp_path)
    before = (folder / "seatrial.toml").read_text()

    assert places.adopt(folder) == ()
    assert (folder / "seatrial.toml").read_text() == before


def test_the_copy_of_a_sample_is_made_once_and_without_its_results(tmp_path, environment):
    sample = project(tmp_path)
    run(sample).rename(sample / "results")

    copy = places.user_copy(sample, environment)
    (copy / "note.txt").write_text("mine")

    assert places.user_copy(sample, environment) == copy
    assert (copy / "note.txt").read_text() == "mine"
    assert not (copy / "results").exists()


def test_only_the_wanted_summaries_are_decoded(tmp_path):
    out = run(project(tmp_path))

    some, grid = places.read_summaries(out, "test:outcomes/all")
    every, _ = places.read_summaries(out)

    assert set(some) == {(Role.TEST, OutcomesKind("all"))}
    assert len(every) == 4
    assert set(grid.features) == {"income", "region"}


@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_summaries_that_cannot_be_read_are_named(tmp_path, damage):
    out = run(project(tmp_path))
    if damage == "missing":
        (out / "grid.json").unlink()
    else:
        (out / "grid.json").write_text("{")

    with pytest.raises(RunError, match=r"grid\.json: cannot be read"):
        places.read_summaries(out)
