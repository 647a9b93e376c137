"""Nominal intervals cover: a small fixed part of benchmarks/coverage. A share below 93 % shows against its binomial error."""

import pytest
from scipy.stats import binom

from benchmarks.coverage.run import measured, truths

REPLICATES, N = 40, 1000
SEVERAL = ("auc", "observed_rate", "slice_excess_loss", "calibration_slope", "flip_rate", "tpr_gap")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("design", ["iid", "clustered", "weighted"])
def test_intervals_of_the_checks_cover(design):
    truth = truths(design, 10_000, 6)
    missed, of = dict.fromkeys(SEVERAL, 0), dict.fromkeys(SEVERAL, 0)
    for seed in range(REPLICATES):
        for (_, metric, subject), m in measured(design, seed, N).items():
            key = (_, metric, subject)
            if metric in SEVERAL and m.low is not None and m.high is not None and truth.get(key) is not None:
                of[metric] += 1
                missed[metric] += not m.low <= truth[key] <= m.high

    for metric in SEVERAL:
        # bins and groups of one replicate are not independent: the error is that of the replicates alone
        most = binom.ppf(0.999, REPLICATES, 0.08) / REPLICATES
        assert of[metric] > 0, metric
        assert missed[metric] / of[metric] <= most, (metric, missed[metric], of[metric])
