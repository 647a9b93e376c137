"""Keys and entities of roles: one value in any type it is stored in, none where the column or the value is missing."""

import numpy as np
import pandas as pd
import pytest

from validators.catalog import catalog
from validators.engine.keys import hash_values
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.io.project import read_project

from .projects import project

DISJOINT = "\n[options.LEK105]\ndisjoint_entities = true\n"


def found(folder, code, change, *, suite="release", edit=lambda text: text, n=600):
    project(folder, n=n, change=change)
    (folder / "seatrial.toml").write_text(edit((folder / "seatrial.toml").read_text()))
    trial = resolve(read_project(folder))
    (result,) = measure(trial, make_plan(trial, [c for c in catalog() if c.code == code], suite=suite)).results
    return {(m.metric, m.subject): m for m in result.measurements}


def test_a_whole_number_is_one_key_as_an_integer_a_float_and_plain_text():
    numbers = pd.Series([5, -7, 0, 10**18 + 1])
    expected = hash_values(numbers)

    np.testing.assert_array_equal(expected, pd.util.hash_array(numbers.to_numpy(), hash_key="seatrial-rows-01"))
    for same in (numbers.astype(str), numbers.astype(object), numbers.astype("Int64"), numbers.astype(str) + ".0"):
        np.testing.assert_array_equal(expected, hash_values(same))
    np.testing.assert_array_equal(expected[:3], hash_values(numbers[:3].astype(float)))
    np.testing.assert_array_equal(expected[:3], hash_values(numbers[:3].astype("int32")))


def test_noughts_in_front_make_another_key_unless_a_role_lost_them_as_a_number():
    seven, padded = hash_values(pd.Series([7])), pd.Series(["007", "A-7"])

    assert not np.isin(hash_values(padded), seven).any()
    np.testing.assert_array_equal([True, False], np.isin(hash_values(padded, padded=True), seven))


def same_keys(role, frame):
    return frame.assign(key=np.arange(len(frame))) if role in ("train", "test") else frame


@pytest.mark.parametrize(
    ("key", "shared"),
    [
        (lambda k: k, 600),
        (lambda k: k.astype(float).mask(k == 5), 599),
        (lambda k: k.astype(str), 600),
        (lambda k: k.astype(str).str.zfill(6), 600),
        (lambda k: "c" + k.astype(str), 0),
    ],
    ids=["as it is", "a float for want of one", "text", "text with noughts", "other names"],
)
def test_keys_of_test_are_found_in_train_in_any_type(tmp_path, key, shared):
    def change(role, frame):
        frame = same_keys(role, frame)
        return frame.assign(key=key(frame.key)) if role == "train" else frame

    m = found(tmp_path / "p", "LEK105", change)["key_overlap", "model"]

    assert (m.value, m.n) == (shared / 600, 600)


@pytest.mark.parametrize(
    ("role", "change"),
    [
        ("train", lambda f: f.drop(columns="key")),
        ("train", lambda f: f.assign(key=np.nan)),
        ("train", lambda f: f.head(0)),
        ("test", lambda f: f.assign(key=np.nan)),
    ],
    ids=["no column", "no value", "no row", "no value in test"],
)
def test_a_role_without_keys_shares_none_that_could_be_told(tmp_path, role, change):
    held = found(tmp_path / "p", "LEK105", lambda r, f: change(same_keys(r, f)) if r == role else same_keys(r, f))
    m = held["key_overlap", "model"]

    assert (m.value, m.n) == (None, 600)
    assert role in m.note


def test_keys_that_are_missing_are_not_equal_to_each_other(tmp_path):
    gone = found(tmp_path / "a", "QUA103", lambda r, f: f.assign(key=f.key.where(f.key % 10 > 0)))
    m = gone["repeated_keys", "rows:test"]

    assert (m.value, m.n) == (0.0, 540)
    assert "60 more have no key" in m.note
    again = lambda f: pd.concat([f, f.head(5)], ignore_index=True)  # noqa: E731
    none = found(tmp_path / "b", "QUA103", lambda r, f: again(f).drop(columns="key") if r == "train" else f)
    m = none["repeated_keys", "rows:train"]
    assert (m.value, m.n, m.minor) == (None, 605, True)
    assert none["repeated_rows", "rows:train"].value == pytest.approx(10 / 605)


@pytest.mark.parametrize(
    ("change", "value", "n"),
    [
        (lambda r, f: f, 1.0, 600),
        (lambda r, f: f.assign(cust=f.cust.astype(str)) if r == "train" else f, 1.0, 600),
        (lambda r, f: f.drop(columns="cust") if r == "train" else f, None, 600),
        (lambda r, f: f.assign(cust=(r + f.cust.astype(str)).where(f.cust % 10 > 0)), 0.0, 540),
    ],
    ids=["shared", "text in train", "no column in train", "guests"],
)
def test_entities_are_shared_by_value_and_rows_without_one_share_none(tmp_path, change, value, n):
    held = found(
        tmp_path / "p",
        "LEK105",
        lambda r, f: change(r, f.assign(cust=np.arange(len(f)) % 100)),
        edit=lambda text: text.replace('key = "key"\n', 'key = "key"\nentity = "cust"\n') + DISJOINT,
    )
    m = held["broken_entity_split", "model"]

    assert (m.value, m.n) == (value, n)


def test_a_part_of_train_is_not_judged_as_if_it_were_all_of_it(tmp_path, monkeypatch):
    """Ten of 200 test keys are in a train of 2,000 of which a tenth was read: it was 1 %, Attention."""
    monkeypatch.setattr("validators.engine.plan.QUICK_ROWS", 200)

    def change(role, frame):
        if role == "train":
            return frame.assign(key=np.arange(len(frame)), cust=np.arange(len(frame)))
        at = np.where(np.arange(200) < 100, np.arange(200), np.arange(200) + 10**6)
        return frame.head(200).assign(key=at, cust=at) if role == "test" else frame.assign(cust=frame.key)

    edit = lambda text: text.replace('key = "key"\n', 'key = "key"\nentity = "cust"\n') + DISJOINT  # noqa: E731
    held = found(tmp_path / "p", "LEK105", change, suite="quick", edit=edit, n=2000)
    key, entity = held["key_overlap", "model"], held["broken_entity_split", "model"]

    assert key.n < 40
    assert key.value == pytest.approx(0.5, abs=0.3)
    assert entity.n == 200
    assert entity.size == pytest.approx(20, abs=5)
    assert 0 < entity.value < 0.5 < entity.high
