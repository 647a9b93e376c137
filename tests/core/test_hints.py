"""The way out of an unknown name."""

from validators.core.hints import nearest


def test_the_nearest_known_name_is_named():
    assert nearest("incom", ("income", "age")) == "did you mean 'income'?"


def test_without_a_near_one_the_known_are_listed():
    assert nearest("region", ("income", "age"), otherwise="it has") == "it has: income, age"


def test_a_long_list_is_cut_and_says_so():
    assert nearest("zzzz", list("abc"), most=2) == "known: a, b, ..."


def test_nothing_known_is_said():
    assert nearest("region", ()) == "known: none"
