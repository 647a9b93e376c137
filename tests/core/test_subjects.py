"""Subjects keep to their grammar."""

from datetime import date

import pytest

from validators.core import subjects


def test_subjects_are_written_as_the_grammar_says():
    assert subjects.feature("age") == "feature:age"
    assert subjects.feature("the age") == 'feature:"the age"'
    assert subjects.features(["a", "b c"]) == 'features:a,"b c"'
    assert subjects.features(["a"]) == "feature:a"
    assert (
        subjects.slice_of([subjects.term("age", "<", 25), subjects.term("x", "==", None)]) == "slice:age<25 & x==null"
    )
    assert subjects.period(date(2025, 1, 1), date(2025, 1, 31)) == "period:2025-01-01..2025-01-31"
    assert subjects.class_of("setosa") == "class:setosa"
    assert subjects.join("model", subjects.rows("prior")) == "model | rows:prior"
    assert subjects.quoted("null") == '"null"'


def test_rows_take_one_bare_word():
    with pytest.raises(ValueError, match="bare word"):
        subjects.rows("two words")
