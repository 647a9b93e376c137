"""Project files: all problems at once, the nearest known key, and never a traceback."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.core.data import Role
from validators.core.errors import ProjectError, SeatrialError
from validators.io.project import project_of, read_project
from validators.io.slices import members, parse_slice

SOUND = """
[model]
id = "m"
version = "1"
[task]
type = "binary"
target = "y"
positive = 1
[data]
test = "test.parquet"
[columns]
prediction = "score"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test.parquet").write_bytes(b"x")
    (tmp_path / "candidate.skops").write_bytes(b"x")
    return tmp_path


def problems(text, folder):
    (folder / "seatrial.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    return caught.value.problems


def test_a_sound_file_is_read(folder):
    (folder / "seatrial.toml").write_text(SOUND)
    held = read_project(folder)

    assert (held.id, held.task.type, held.predictions_only) == ("m", "binary", True)
    assert held.data[Role.TEST] == folder / "test.parquet"
    assert (held.tier, held.seed) == (2, 0)


def test_all_problems_are_told_at_once(folder):
    text = SOUND.replace('id = "m"', 'idd = "m"').replace('target = "y"', "target = 3").replace("[data]", "[datta]")
    found = problems(text, folder)

    assert len(found) == 3
    assert any("unknown key 'idd'; did you mean 'id'?" in p for p in found)
    assert any("target must be a text, got 3" in p for p in found)
    assert any("unknown section [datta]; did you mean 'data'?" in p for p in found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("positive = 1\n", "", "has no positive"),
        ('type = "binary"', 'type = "bin"', "type must be one of"),
        ('prediction = "score"', "", "no candidate"),
        ("test.parquet", "tets.parquet", "did you mean 'test.parquet'"),
        ("test.parquet", "../test.parquet", "leaves the project folder"),
        ("test.parquet", "/etc/passwd", "leaves the project folder"),
        ('[data]\ntest = "test.parquet"', "[data]", r"\[data\] has no test"),
        ("positive = 1", "positive = 1\nthreshold = 3", "between 0 and 1"),
        ("[columns]", "[policy]\ntier = 4\n[columns]", "tier must be 1, 2 or 3"),
        ("[columns]", '[slices]\na = "x ~ 3"\n[columns]', r"\[slices\] a"),
        ("[columns]", '[constraints.x]\nmonotone = "up"\n[columns]', "monotone must be"),
        ("[columns]", "[constraints.x]\nmin_ = 1\n[columns]", "unknown key 'min_'"),
        ('version = "1"', 'version = "1"\nprior = "candidate.skops"\nprior_snapshot = "candidate.skops"', "keep one"),
        ("[model]", "model = 3\n[modell]", "must be a section"),
    ],
)
def test_each_mistake_has_its_sentence(folder, old, new, message):
    assert old in SOUND
    found = problems(SOUND.replace(old, new, 1), folder)

    import re

    assert any(re.search(message, p) for p in found), found


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectError, match="seatrial init"):
        read_project(tmp_path)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "seatrial.toml").write_bytes(data)
        with pytest.raises(SeatrialError):
            read_project(Path(name))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
sections = st.sampled_from(
    ["model", "task", "data", "columns", "slices", "constraints", "options", "run", "policy", "other"]
)
keys = st.sampled_from(
    ["id", "version", "type", "target", "positive", "test", "features", "tier", "a", "threshold", "seed"]
)


@given(st.dictionaries(sections, values | st.dictionaries(keys, values, max_size=4), max_size=6))
def test_any_table_is_read_or_refused(raw):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name, pytest.raises(SeatrialError):
        project_of(raw, Path(name))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("age < 30", [True, False, False, False]),
        ("age >= 30 & region == EU", [False, True, False, False]),
        ('region == "U K"', [False, False, True, False]),
        ("region == null", [False, False, False, True]),
        ("region != null", [True, True, True, False]),
        ('region in ["EU", "U K"]', [True, True, True, False]),
        ("age == null", [False, False, True, False]),
        ("region != EU", [False, False, True, False]),
    ],
)
def test_slices_hold_the_rows_that_they_say(text, inside):
    import pandas as pd

    frame = pd.DataFrame({"age": [25, 30, None, 60], "region": ["EU", "EU", "U K", None]})

    assert members(parse_slice(text), frame).tolist() == inside


@pytest.mark.parametrize(
    "text", ["", "age", "age <", "< 3", "age < 3 &", "age < 3 | b", "x in 3", "x in []", 'x == "a']
)
def test_a_slice_that_cannot_be_read_is_refused_with_the_place(text):
    with pytest.raises(ProjectError, match="slice"):
        parse_slice(text)


@given(st.text(max_size=40))
def test_any_text_is_a_slice_or_is_refused(text):
    try:
        terms = parse_slice(text)
    except ProjectError:
        return
    assert parse_slice(" & ".join(t.text for t in terms)) == terms


def test_the_sample_text_is_toml():
    assert tomllib.loads(SOUND)["task"]["type"] == "binary"
