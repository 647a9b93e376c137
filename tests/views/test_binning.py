import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.views.binning import bulk, equal_bins

cuts = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40, unique=True).map(sorted)


@given(cuts, st.integers(1, 50))
def test_no_row_is_lost_or_made(held, n):
    even = equal_bins(held, n)
    fine = [1.0] * (len(held) + 1)

    assert sum(even.shares(fine)) == pytest.approx(1.0)
    assert all(sum(part for _, part in parts) == pytest.approx(1.0) for parts in even.parts)
    assert all(0 <= k < len(even.edges) - 1 for parts in even.parts for k, _ in parts)


def test_a_uniform_score_stays_uniform_however_its_fine_bins_are_cut():
    held = np.sort(np.random.default_rng(1).uniform(0, 1, 200)).tolist()
    widths = np.diff([0.0, *held, 1.0]).tolist()

    shares = equal_bins(held, 20, whole=(0.0, 1.0)).shares(widths)

    assert shares == pytest.approx([0.05] * 20)


def test_counts_after_the_last_bin_are_left_out():
    even = equal_bins([0.5], 2, whole=(0.0, 1.0))

    assert even.shares([1.0, 1.0, 7.0, 7.0]) == [0.5, 0.5]


def test_far_tails_with_hardly_a_row_are_cut_off():
    assert bulk([-1e6, 0.0, 1.0, 2.0, 1e6], [[0.0, 0.0, 500.0, 500.0, 0.0, 0.0]]) == (0.0, 2.0)


def test_rows_beyond_the_cuts_fall_into_the_outer_bins():
    even = equal_bins([0.0, 1.0], 2)

    assert even.shares([3.0, 2.0, 3.0]) == pytest.approx([0.5, 0.5])


def test_without_rows_every_share_is_zero():
    assert equal_bins([0.0, 1.0], 2).shares([0.0, 0.0, 0.0]) == [0.0, 0.0]
    assert bulk([0.0], [[1.0, 1.0]]) is None
