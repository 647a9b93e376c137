"""What a bin of numbers is called."""

import numpy as np
import pytest

from validators.core.data import NumericBins


@pytest.mark.parametrize(
    ("cuts", "names"),
    [
        ([0, 297.5], ("below 0", "from 0 to below 297.5", "297.5 or more", "missing")),
        ([1, np.nextafter(1, 2)], ("below 1", "1", "1 or more", "missing")),
        ([], ("any number", "missing")),
    ],
)
def test_bins_are_named_in_words_and_a_single_value_by_itself(cuts, names):
    bins = NumericBins(cuts=np.array(cuts, float), coarse=np.zeros(len(cuts) + 1, np.int64))

    assert bins.names == names
    assert len(names) == bins.n_bins
