"""Scenario files: read, and told what is wrong, all at once."""

import re
from pathlib import Path

import pytest

from tests.engine.projects import project
from validators.core.errors import ProjectError
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.io.scenarios import read_scenarios

GOOD = """title = "Recession"
[[change]]
feature = "x0"
multiply = 0.8
where = "level == a"
[[change]]
feature = "x1"
quantile_map = [[0.0, 0], [0.5, 1], [1.0, 9.5]]
"""
MIX = """[[target]]
where = "level == c"
times = 2
[[target]]
feature = "x0"
mean = 0.4
"""


def folder(tmp_path, **files):
    at = tmp_path / "scenarios"
    at.mkdir()
    for name, text in files.items():
        (at / f"{name}.toml").write_text(text)
    return at


def test_a_scenario_is_read_with_its_title_changes_and_targets(tmp_path):
    found = read_scenarios(folder(tmp_path, recession=GOOD, mix=MIX))

    assert list(found) == ["mix", "recession"]
    assert found["recession"].title == "Recession"
    assert [(c.feature, c.action) for c in found["recession"].changes] == [("x0", "multiply"), ("x1", "quantile_map")]
    assert found["recession"].columns == ("level",)
    assert [(t.value, t.relative, t.feature) for t in found["mix"].targets] == [(2.0, True, None), (0.4, False, "x0")]
    assert found["mix"].features == ("x0",)
    assert [t.text for t in found["mix"].targets] == ["2 times as many with level == c", "x0 0.4 on average"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("titel = 1", "unknown key 'titel'; did you mean 'title'"),
        ("title = 1\n" + MIX, "title must be a text"),
        ("title = 'x'", "either [[change]] or [[target]]"),
        (GOOD + MIX, "either [[change]] or [[target]]"),
        ("change = 3", "change must be tables"),
        ("[[change]]\nmultiply = 2", "[[change]] 1: has no feature"),
        ("[[change]]\nfeature = 'x0'", "takes one of multiply, add, set, clip, quantile_map, got none"),
        ("[[change]]\nfeature = 'x0'\nadd = 1\nset = 2", "got add and set"),
        ("[[change]]\nfeature = 'x0'\nmultiplyy = 1", "did you mean 'multiply'"),
        ("[[change]]\nfeature = 'x0'\nadd = 'a lot'", "add must be a number"),
        ("[[change]]\nfeature = 'x0'\nadd = nan", "add must be a number"),
        ("[[change]]\nfeature = 'x0'\nset = [1]", "set must be a number, a text, true or false"),
        ("[[change]]\nfeature = 'x0'\nclip = [2, 1]", "clip must be [low, high]"),
        ("[[change]]\nfeature = 'x0'\nquantile_map = [[0.0, 1], [0.9, 2]]", "quantile_map must be"),
        ("[[change]]\nfeature = 'x0'\nadd = 1\nwhere = 'x0 <'", "where: slice 'x0 <': cannot read"),
        ("[[change]]\nfeature = 'x0'\nadd = 1\nwhere = 3", "where must be a text"),
        ("[[target]]\nwhere = 'x0 < 1'", "takes one of share, times, mean, shift, got none"),
        ("[[target]]\nfeature = 'x0'\nshare = .5", "not valid TOML"),
        ("[[target]]\nfeature = 'x0'\nshare = 0.5", "share goes with where"),
        ("[[target]]\nwhere = 'x0 < 1'\nmean = 0.5", "mean goes with feature"),
        ("[[target]]\nwhere = 'x0 < 1'\nshare = 1.5", "share must be between 0 and 1"),
        ("[[target]]\nwhere = 'x0 < 1'\ntimes = 0", "times must be above 0"),
    ],
)
def test_each_mistake_is_named_with_its_file(tmp_path, text, message):
    with pytest.raises(ProjectError) as caught:
        read_scenarios(folder(tmp_path, odd=text))

    assert message in str(caught.value)
    assert str(caught.value).startswith("odd.toml: ")


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    with pytest.raises(ProjectError) as caught:
        read_scenarios(folder(tmp_path, a="x = 1", b="[[change]]\nfeature = 'x0'\n[[change]]\nadd = 1"))

    assert len(caught.value.problems) >= 4


def test_an_empty_folder_and_a_file_are_no_scenarios(tmp_path):
    with pytest.raises(ProjectError, match="no .toml file"):
        read_scenarios(folder(tmp_path))
    (tmp_path / "f").write_text("")
    with pytest.raises(ProjectError, match="is no folder"):
        read_scenarios(tmp_path / "f")
    with pytest.raises(ProjectError, match="letters, digits"):
        read_scenarios(folder(tmp_path / "scenarios", **{"bad times": GOOD}))


def with_scenarios(tmp_path, **files):
    at = project(tmp_path / "p", n=300)
    (at / "seatrial.toml").write_text(
        (at / "seatrial.toml").read_text().replace("[columns]", 'scenarios = "scenarios"\n[columns]')
    )
    folder(at, **files)
    return at


def test_a_project_has_its_scenarios_by_kind(tmp_path):
    held = resolve(read_project(with_scenarios(tmp_path, recession=GOOD, mix=MIX))).project

    assert list(held.scenarios_of_changes) == ["recession"]
    assert list(held.scenarios_of_mix) == ["mix"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('"x1"', '"x11"'), "scenario odd: no feature 'x11'; did you mean 'x1'"),
        (GOOD.replace("level == a", "levl == a"), "scenario odd: no column 'levl'; did you mean 'level'"),
        (GOOD.replace("multiply = 0.8", "set = 'a'"), "set = 'a' on 'x0', which is a number"),
        (GOOD.replace('"x0"', '"level"'), "multiply = 0.8 on 'level', which is no number"),
    ],
)
def test_a_scenario_that_does_not_fit_the_data_is_refused(tmp_path, text, message):
    with pytest.raises(ProjectError) as caught:
        resolve(read_project(with_scenarios(tmp_path, odd=text)))

    assert message in str(caught.value)


def test_problems_of_scenarios_stand_beside_those_of_the_project_file(tmp_path):
    at = with_scenarios(tmp_path, odd="x = 1")
    (at / "seatrial.toml").write_text(
        (at / "seatrial.toml").read_text().replace("seed = 3", "seed = 3\n[policy]\ntier = 9")
    )
    with pytest.raises(ProjectError) as caught:
        read_project(at)

    assert any("odd.toml" in p for p in caught.value.problems)
    assert any("tier must be" in p for p in caught.value.problems)


def test_the_documented_files_are_scenarios_of_the_lending_sample(tmp_path):
    root = Path(__file__).resolve().parents[2]
    blocks = re.findall(r"```toml\n(.*?)```", (root / "docs" / "scenarios.md").read_text("utf-8"), re.DOTALL)
    found = read_scenarios(folder(tmp_path, a=blocks[0], b=blocks[1]))
    features = read_project(root / "sample_data" / "lending").columns.features

    assert len(blocks) == 2
    assert {c.action for c in found["a"].changes} == {"multiply", "add", "set", "clip", "quantile_map"}
    assert {*found["a"].features, *found["a"].columns, *found["b"].features} <= set(features)
