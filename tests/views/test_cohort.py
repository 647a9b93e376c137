import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.checks.performance_cases import batch_of, grid_of, sound
from validators.core.data import Role
from validators.core.errors import ProjectError
from validators.io.slices import declared, with_slice
from validators.summaries.outcomes import OutcomesKind
from validators.views import cohort
from validators.views.chart import LIGHT

from .documents import document

CONDITION = "age<25 & region==EU"


def test_what_is_about_the_slice_is_told_and_the_rest_is_said_to_be_of_all_rows():
    found = cohort.about_slice(document(), CONDITION, "performance")

    assert {m["metric"] for m in found} == {"slice_excess_loss", "slice_loss"}
    said = cohort.sentence(document(), CONDITION, "performance")
    assert "2 numbers here are about this slice (PRF201)" in said
    assert "is of all rows" in said
    assert cohort.sentence(document(), '"a | b"==null', None).startswith("1 number here is")
    assert len(cohort.table(document(), CONDITION, "performance").rows) == 2


def test_a_family_without_a_number_about_the_slice_says_so_and_who_has_one():
    held = document()
    held["project"]["slices"] = {"young_eu": CONDITION}
    said = cohort.sentence(held, CONDITION, "noise")

    assert "No check here measured this slice. PRF201 did." in said
    assert "Everything on this page is of all rows." in said


def test_a_slice_that_was_saved_after_the_run_is_said_to_be_unknown():
    assert "does not know the slice" in cohort.sentence(document(), "age<30", None)
    assert cohort.known(document(), {"young": "age<30"}) == {"young": "age<30"}
    assert cohort.known(None, {}) == {}


def test_metrics_of_the_slice_are_those_of_its_rows():
    """Another hand: scikit-learn on the rows of the slice alone."""
    X, y, p = sound(3000)
    mask = (X.region == "north").to_numpy()
    slices = {"north": ("region==north", mask)}
    grid = grid_of(X, p, slices=slices)
    batch = batch_of(X, y, p, grid, slices=slices)
    stored = {(Role.TEST, OutcomesKind(by)): OutcomesKind(by).of(batch, grid) for by in ("all", "slice")}
    held = document()
    held["project"]["task"] = {"type": "binary", "target": "y", "classes": [0, 1], "positive": 1, "threshold": 0.3}
    chart = cohort.chart(held, stored, grid, "north", LIGHT)
    rows = {row["Metric"]: row for row in chart.table.rows}

    assert float(rows["AUC"]["Slice"]) == pytest.approx(roc_auc_score(y[mask], p[mask]), abs=2e-3)
    assert float(rows["AUC"]["All rows"]) == pytest.approx(roc_auc_score(y, p), abs=2e-3)
    accuracy = np.mean((p[mask] >= 0.3) == y[mask])
    assert float(rows["Accuracy"]["Slice"].rstrip("%")) / 100 == pytest.approx(accuracy, abs=1e-3)
    assert rows["AUC"]["n"] == mask.sum()
    assert cohort.chart(held, stored, grid, "nowhere", LIGHT) is None


TOML = '[model]\nid = "m"\n[slices] # ours\nold = "age < 30"\n[run]\nseed = 1\n'


@pytest.mark.parametrize("condition", ["age<25 & region==EU", 'region=="it\'s"', "age==null"])
@pytest.mark.parametrize("toml", [TOML, TOML.replace('[slices] # ours\nold = "age < 30"\n', "")])
def test_a_saved_slice_is_in_the_project_file_and_nothing_else_changes(toml, condition):
    changed = with_slice(toml, "young_eu", condition)

    assert declared(changed)["young_eu"]
    assert set(declared(changed)) - set(declared(toml)) == {"young_eu"}
    assert [line for line in changed.splitlines() if line and line in toml] == [x for x in toml.splitlines() if x]


@pytest.mark.parametrize(
    ("label", "condition", "toml", "words"),
    [
        ("old", "age<25", TOML, "is there already"),
        ("a b", "age<25", TOML, "letters, digits"),
        ("new", "age <", TOML, "cannot read"),
        ("new", "age<25", "[slices", "not valid TOML"),
    ],
)
def test_a_slice_that_cannot_be_saved_says_why(label, condition, toml, words):
    with pytest.raises(ProjectError, match=words):
        with_slice(toml, label, condition)
