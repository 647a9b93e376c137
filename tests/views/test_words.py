import pytest

from validators.catalog import catalog
from validators.core import subjects
from validators.views import subject_words, words


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("model", "model"),
        ("feature:age", "age"),
        ("features:age,income", "age, income"),
        ("slice:age<25 & region==EU", "age < 25 & region = EU"),
        ("slice:income==null", "income missing"),
        ("group:sex=F & age=old", "sex = F & age = old"),
        ("period:2025-01-01..2025-01-31", "2025-01"),
        ("period:2025-01-06..2025-01-12", "2025-01-06 to 2025-01-12"),
        ("feature:age | rows:gaussian_0.1", "age · noise of 0.1 SD"),
        ("feature:age | rows:production", "age in production"),
        ("slice:adr>=54.53071834674066 & age>30", "adr ≥ 54.531 & age > 30"),
        ("rows:bin_03", "bin 3"),
        ("model | rows:prior", "model · prior"),
    ],
)
def test_subjects_in_words(subject, expected):
    assert subject_words.subject_words(subject) == expected


@pytest.mark.parametrize("name", ["plain", "a | b", 'quo"te', "back\\slash", "comma,name", "a & b", "ünï côdé"])
def test_a_feature_of_any_name_comes_back_from_its_subject(name):
    subject = subjects.join(subjects.feature(name), subjects.rows("null"))

    assert subject_words.atoms(subject) == {"feature": name, "rows": "null"}


def test_quoted_separators_do_not_split():
    subject = subjects.slice_of([subjects.term("a & b", "==", "x | y"), subjects.term("c", "<", 3)])

    assert subject_words.subject_words(subject) == "a & b = x | y & c < 3"


def test_a_note_has_slices_in_words_and_limits_as_its_metric_is_written():
    note = "slice:adr>=54.53071834674066; cannot exclude a value above 0.02; about 800 rows would settle it"

    assert (
        subject_words.note_words(note, "share")
        == "slice adr ≥ 54.531; cannot exclude a value above 2%; about 800 rows would settle it"
    )
    band = "cannot exclude a value above 0.02 or below -0.02; no practical n settles it"
    assert subject_words.note_words(band, "share").startswith("cannot exclude a value above 2% or below −2%;")


def test_an_unknown_metric_is_named_by_itself():
    assert words.metric_label("a_metric_nobody_knows") == "A metric nobody knows"


def test_every_metric_of_every_check_has_a_label_and_a_unit_of_its_own():
    metrics = {m: c.code for c in catalog() for m in c.metrics}

    assert {code: m for m, code in metrics.items() if not words._LABELS.get(m)} == {}
    assert {m for m in metrics if m.endswith(("_share", "_rate")) and words.metric_kind(m) != "share"} == set()
    assert len(words._LABELS) == sum(len(held) for held in words._METRICS.values())  # one unit each


def test_limits_on_both_sides_are_told_as_one_where_they_mirror_each_other():
    above = {"warn": 0.1, "fail": 0.2, "worse": "above", "null": 0.0}
    below = {"warn": -0.1, "fail": -0.2, "worse": "below", "null": 0.0}

    assert words.limits_words([below, above], "share") == "attention beyond ±10%, fail beyond ±20%"
    assert (
        words.limits_words([above, {**below, "fail": -0.3}], "number")
        == "attention above 0.1, fail above 0.2; attention below −0.1, fail below −0.3"
    )
    assert words.limits_words([above], "number") == "attention above 0.1, fail above 0.2"


def test_a_limit_in_words_says_which_side_is_worse():
    held = {"warn": 0.8, "fail": 0.67, "worse": "below", "null": 1.0}

    assert words.limit_words(held, "number") == "attention below 0.8, fail below 0.67"
    assert words.limit_words(None, "number") == ""
    assert words.limit_words({**held, "warn": None}, "share") == "fail below 67%"


def test_every_verdict_has_a_word_and_a_sign_of_its_own():
    signs = [w.sign for w in words.VERDICTS.values()]

    assert len(set(signs)) == len(signs)
    assert [w.word for w in words.VERDICTS.values()] == ["Fail", "Inconclusive", "Attention", "Not run", "Pass", "No limit"]  # fmt: skip
