"""What calls cost: percentiles by nearest rank, throughput of batches, memory as the system tells it."""

import os

import numpy as np
import pytest

from validators.models.usage import peak_memory_mb, usage_of


def test_percentiles_are_those_of_numpys_inverted_distribution():
    seconds = np.random.default_rng(0).exponential(0.002, 60)
    found = usage_of([(1, float(s)) for s in seconds], None)

    for p in (50, 95, 99):
        theirs = np.percentile(1000 * seconds, p, method="inverted_cdf")
        assert found["single_row_ms"][f"p{p}"] == pytest.approx(theirs, abs=5e-4)  # rounded to the microsecond
    assert found["single_row_calls"] == found["calls"] == found["rows"] == 60


def test_throughput_counts_batches_only():
    found = usage_of([(1, 0.5), (50, 9.0), (1000, 0.01), (3000, 0.03)], None)

    assert found["rows_per_second"] == 100_000
    assert found["rows"] == 4051


def test_what_was_not_measured_is_none():
    assert usage_of([], None) == {
        "calls": 0, "rows": 0, "single_row_calls": 0, "single_row_ms": None, "rows_per_second": None, "peak_memory_mb": None,
        "cold_start_ms": None,
    }  # fmt: skip
    assert usage_of([], None, cold_start=0.25)["cold_start_ms"] == 250.0
    assert peak_memory_mb(None) is None


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux")
def test_memory_is_at_least_what_this_process_holds():
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    assert peak_memory_mb(os.getpid()) == pytest.approx(peak, rel=0.05)
