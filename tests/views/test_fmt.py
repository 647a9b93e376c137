import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.views import fmt


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.84213, "0.842"), (-0.016, "−0.016"), (0.0, "0.000"), (0.00012, "0.0001"), (1234.56, "1,234.6"), (None, "–")],
)
def test_a_metric_has_three_decimals_and_a_true_minus_sign(value, expected):
    assert fmt.number(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.0126, "1.3%"), (0.0, "0.0%"), (0.0002, "0.02%"), (-0.05, "−5.0%")])
def test_a_share_has_one_decimal_and_never_reads_zero_when_it_is_not(value, expected):
    assert fmt.share(value) == expected


def test_a_difference_always_has_its_sign():
    assert [fmt.signed(v) for v in (0.012, -0.016, 0.0, None)] == ["+0.012", "−0.016", "0.000", "–"]


def test_a_value_is_never_rounded_onto_its_limit():
    digits = fmt.digits_apart([0.09996], [0.1])

    assert fmt.number(0.09996, digits) != fmt.number(0.1, digits)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.42, "0.4 s"), (36, "36 s"), (130, "2 min 10 s"), (3720, "1 h 2 min")]
)
def test_durations(seconds, expected):
    assert fmt.duration(seconds) == expected


def test_the_size_of_an_effect_has_no_plus():
    assert [fmt.effect(0.083, kind) for kind in ("signed", "share")] == ["0.083", "8.3%"]


def test_prose_shows_names_as_code_and_the_rest_as_text():
    assert fmt.prose("`late_share` is *the* share") == "`late_share` is \\*the\\* share"
    assert fmt.prose("one ` alone") == "one \\` alone"


def test_an_interval_with_one_end_is_a_bound():
    assert fmt.interval(None, 0.02, "share") == "at most 2.0%"
    assert fmt.interval(0.69, 0.741) == "[0.690, 0.741]"
    assert fmt.interval(None, None) == ""


def test_a_limit_is_shown_as_the_policy_writes_it():
    assert [fmt.exact(0.15), fmt.exact(0.025, "share"), fmt.exact(-0.1)] == ["0.15", "2.5%", "−0.1"]


@given(st.text(max_size=40))
def test_a_name_inside_markdown_keeps_no_markup_of_its_own(name):
    escaped = fmt.markdown(name)
    bare = escaped.replace("\\\\", "")

    assert not any(c in "*_[]<>`:$#!" and bare[i - 1] != "\\" for i, c in enumerate(bare))
    assert "\n" not in escaped
