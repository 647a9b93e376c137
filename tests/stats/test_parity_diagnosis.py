"""Parity of two columns, and the diagnosis of what differs: every planted cause is named, and only on the rows that it changed."""

import numpy as np
import pytest

from validators.stats.causes import Elsewhere, confined, peel
from validators.stats.numeric_causes import numeric_causes, told
from validators.stats.parity import densest, differs
from validators.stats.text_causes import level_causes, text_causes
from validators.stats.units import named_factor

N = 400
NAN = float("nan")


def values(seed=0):
    """Positive numbers with many decimals."""
    return np.random.default_rng(seed).lognormal(3, 1, N)


def diagnose(a, b, elsewhere=(), *, time=False):
    """(kind, words, share of the differing rows) of each cause, as the check finds them."""
    at = np.flatnonzero(differs(a, b, atol=1e-9, rtol=1e-6))

    def causes(left):
        places = [Elsewhere(kind=p.kind, words=p.words, values=p.values[at[left]]) for p in elsewhere]
        return numeric_causes(a[at][left], b[at][left], (a, b), places, time=time)

    return peel(len(at), causes)


def one(a, b, *more, **how):
    found = diagnose(a, b, *more, **how)
    assert len(found) == 1, found
    assert found[0].share >= 0.99
    return found[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_is_that_of_numpy_isclose(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=N) * 10.0 ** rng.integers(-8, 8, N)
    b = a * (1 + rng.normal(size=N) * 10.0 ** rng.integers(-9, -3, N))
    b[:20], a[10:30], a[40], b[40], a[41], b[41] = NAN, NAN, np.inf, np.inf, np.inf, -np.inf

    expected = ~np.isclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)

    np.testing.assert_array_equal(differs(a, b, atol=1e-9, rtol=1e-6), expected)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_single_precision_passes(scale):
    a = values() * scale

    assert not differs(a, a.astype(np.float32).astype(float), atol=1e-9, rtol=1e-6).any()


def test_the_densest_window_is_the_mode_and_not_the_median():
    v = np.concatenate([np.full(40, 5.0), np.linspace(100, 200, 60)])

    assert densest(v, atol=0.1) == (5.0, 0.4)
    assert np.isnan(densest(np.array([NAN]))[0])


UNITS = [
    (100.0, "power of ten"), (0.001, "power of ten"), (1 / 12, "months"), (12.0, "months"), (60.0, "minutes"), (2.54, "inches"),
    (0.45359237, "pounds"), (2.20462, "pounds"), (1.609344, "miles"), (1 / 0.3048, "feet"), (24.0, "hours"), (1.37, ""),
    (10.7639, "square feet"),
]  # fmt: skip


@pytest.mark.parametrize(("factor", "words"), UNITS)
@pytest.mark.parametrize("share", [1.0, 0.05])
def test_a_unit_factor_is_found_and_named(factor, words, share):
    a = values()
    hit = np.random.default_rng(1).random(N) < share

    found = one(a, np.where(hit, a * factor, a))

    assert found.kind == "unit_factor"
    assert found.factor == pytest.approx(factor, rel=1e-4)
    assert words in found.words
    assert named_factor(factor)[0] == pytest.approx(factor, rel=1e-4)


def test_a_unit_factor_is_found_under_rounding_to_whole_numbers():
    a = np.random.default_rng(0).integers(300, 9000, N) * 10.0
    found = one(a, np.rint(a / 12))

    assert (found.kind, found.factor) == ("unit_factor", pytest.approx(1 / 12))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda a: a + 40.0, "offset", "+40"),
        (lambda a: a * 1.8 + 32, "affine", "Fahrenheit"),
        (lambda a: (a - 32) / 1.8, "affine", "Celsius"),
        (lambda a: 3.25 * a - 7.5, "affine", "3.25"),
        (lambda a: -a, "sign", "reversed"),
        (np.rint, "rounding", "whole"),
        (lambda a: np.round(a, 2), "rounding", "2 decimals"),
        (lambda a: np.round(a, -1), "rounding", "multiples of 10"),
        (np.trunc, "truncation", "whole"),
        (lambda a: np.trunc(a * 10) / 10, "truncation", "1 decimal"),
        (lambda a: a.astype(np.float16).astype(float), "rounding", "half precision"),
        (lambda a: np.minimum(a, 30.0), "clipped", "cap"),
        (lambda a: np.maximum(a, 10.0), "clipped", "floor"),
        (lambda a: np.full(N, -999.0), "constant", "-999"),
        (lambda a: np.full(N, a.mean()), "constant", "about the mean"),
        (lambda a: np.where(np.arange(N) % 3, a, NAN), "value_as_null", "null"),
        (lambda a: np.random.default_rng(3).permutation(a), "other_rows", "other rows"),
    ],
)
def test_arithmetic_is_found_and_named(change, kind, words):
    a = values()
    found = one(a, np.asarray(change(a), float))

    assert found.kind == kind
    assert words in found.words


@pytest.mark.parametrize(
    ("fill", "words"), [(0.0, "as 0"), (-1.0, "as -1"), (-999.0, "as -999"), ("mean", "about the mean"), ("median", "about the median")]
)  # fmt: skip
def test_a_fill_value_is_found_and_named(fill, words):
    a = values()
    a[::50] = NAN
    value = {"mean": np.nanmean(a), "median": np.nanmedian(a)}.get(fill, fill)

    found = one(a, np.where(np.isnan(a), value, a))

    assert found.kind == "null_as_value"
    assert words in found.words


@pytest.mark.parametrize("hours", [1, 5.5, -8])
def test_a_time_zone_is_found_in_times_in_epoch_seconds_and_in_hours_of_the_day(hours):
    rng = np.random.default_rng(0)
    stamps = 1.7e9 + rng.integers(0, 10**7, N)
    hour = rng.integers(0, 24, N).astype(float)

    for a, b, time in ((stamps, stamps + 3600 * hours, True), (stamps, stamps + 3600 * hours, False),
                       (hour, (hour + hours) % 24, False)):  # fmt: skip
        found = one(a, b, time=time)
        assert found.kind == "time_zone"
        assert f"{hours:+g}" in found.words


def test_summer_time_counts_as_one_time_zone():
    a = 1.7e9 + np.random.default_rng(0).integers(0, 10**7, N)
    found = one(a, a + np.where(np.arange(N) < 200, 3600.0, 7200.0), time=True)

    assert "summer time" in found.words


def test_a_column_a_swap_and_an_earlier_row_are_found_in_their_place():
    a, other = values(), values(7)
    for kind, b in (("swapped", other), ("column", other), ("lag", other), ("stale", other)):
        assert one(a, b, [Elsewhere(kind=kind, words="there", values=other)]).kind == kind


def test_a_column_of_few_levels_that_agrees_by_chance_is_not_taken_for_the_source():
    a = np.zeros(N)
    a[:20] = 1.0
    b = np.where(np.arange(N) < 10, 0.0, a)
    place = Elsewhere(kind="lag", words="there", values=np.zeros(N))

    assert [c.kind for c in diagnose(a, b, [place])] == ["replaced_level"]


def test_permuted_codes_are_the_assignment_that_most_rows_obey():
    a = np.random.default_rng(0).integers(1, 5, N).astype(float)
    moved = {1.0: 3.0, 2.0: 1.0, 3.0: 2.0, 4.0: 4.0}
    found = one(a, np.array([moved[v] for v in a]))

    assert found.kind == "permuted_codes"
    assert "1 arrives as 3" in found.words
    assert "4 arrives" not in found.words


def test_two_faults_in_one_column_are_told_apart():
    a = values()
    a[:60] = NAN
    b = np.where(np.isnan(a), 0.0, a)
    b[200:] *= 100

    assert {c.kind for c in diagnose(a, b)} == {"null_as_value", "unit_factor"}


@pytest.mark.parametrize("seed", range(10))
def test_noise_has_no_named_cause(seed):
    rng = np.random.default_rng(seed)
    a = values(seed)

    assert diagnose(a, a + rng.normal(0, 1, N)) == []
    assert diagnose(a, rng.lognormal(3, 1, N)) == []


LEVELS = ["red", "green", "blue", "dark blue"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda v: v.upper(), "case"),
        (lambda v: f" {v}", "whitespace"),
        (lambda v: f"{v.upper()} ", "case"),
        (lambda v: v[:3], "truncation"),
        (lambda v: {"red": "green", "green": "red"}.get(v, v), "permuted_codes"),
        (lambda v: f"colour-{LEVELS.index(v)}", "other_levels"),
        (lambda v: "red", "other_levels"),
        (lambda v: "teal" if v == "red" else v, "replaced_level"),
        (lambda v: None, "value_as_null"),
    ],
)
def test_texts_are_diagnosed(change, kind):
    a = np.random.default_rng(0).choice(LEVELS, N)
    pairs = [(str(v), change(str(v))) for v in a if str(v) != change(str(v))]
    found = peel(len(pairs), lambda left: text_causes([pairs[i][0] for i in left], [pairs[i][1] for i in left]))

    assert [c.kind for c in found] == [kind]
    assert found[0].share == 1.0


PERIODS = {
    "months": [f"{2023 + k // 12}-{k % 12 + 1:02d}" for k in range(18)],
    "weeks": [f"2024-W{k:02d}" for k in range(1, 53)],
    "names": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}


@pytest.mark.parametrize("levels", PERIODS.values(), ids=PERIODS)
@pytest.mark.parametrize("step", [1, -2])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_periods_as_texts_that_moved_round_the_end_are_told(levels, step, share):
    rng = np.random.default_rng(0)
    at = rng.integers(0, len(levels), 2000)
    moved = np.where(rng.random(2000) < share, (at + step) % len(levels), at)
    pairs = [(levels[i], levels[j]) for i, j in zip(at, moved, strict=True) if i != j]
    (found,) = peel(len(pairs), lambda left: text_causes(*zip(*(pairs[i] for i in left), strict=True)))

    assert (found.kind, found.share) == ("cycle", 1.0)
    assert f"by {step:+d} in the order of their {len(levels)} levels, and round the end" in found.words


def test_a_period_later_without_an_end_is_an_offset_and_shuffled_ones_are_permuted():
    levels = PERIODS["months"]
    at = np.random.default_rng(0).integers(0, 17, 2000)
    later = text_causes([levels[i] for i in at], [levels[i + 1] for i in at])[0]
    order = np.random.default_rng(1).permutation(17)
    pairs = [(levels[i], levels[order[i]]) for i in at if order[i] != i]
    (shuffled,) = peel(len(pairs), lambda left: text_causes(*zip(*(pairs[i] for i in left), strict=True)))

    assert later.kind == "offset"
    assert "2023-01 arrives as 2023-02" in text_causes(["2023-01", *levels[1:6]], levels[1:7])[0].words
    assert shuffled.kind == "permuted_codes"


def test_filled_texts_are_named():
    found = text_causes([None, None], ["missing", "missing"])

    assert found[0].kind == "null_as_value"
    assert "'missing'" in found[0].words


def test_too_many_levels_are_no_codes():
    names = [str(i) for i in range(100)]

    assert level_causes(names, names[::-1]) is None


def test_a_fault_of_one_level_is_named_and_chance_is_not():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 4, N)
    labels = {"level": (level, ("0", "1", "2", "3"))}

    assert confined((level == 2) & (rng.random(N) < 0.3), labels) == "level = 2"
    assert confined(rng.random(N) < 0.3, labels) is None
    assert confined(np.arange(N) == int(np.flatnonzero(level == 2)[0]), labels) is None
    assert confined(rng.random(N) < 0.3, {}) is None


def test_the_last_day_of_9999_is_told_as_a_day():
    """As databases write an end that nobody set; it was told as 2.53402e+11."""
    end = float(np.datetime64("9999-12-31", "s").astype(np.int64))

    assert told(end, time=True) == "9999-12-31"
    assert told(2 * end, time=True) == "5.06804e+11"
