"""Ranking metrics against scikit-learn, published values and a second route."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from validators.stats.ranking import (
    average_precision,
    delong_variance,
    ks_between_classes,
    midranks,
    paired_delong,
    roc_auc,
    roc_auc_many,
    weighted_auc,
)

rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=4, max_size=60)


def counts(y, s):
    """Counts per distinct score, lowest first."""
    _, code = np.unique(s, return_inverse=True)
    k = code.max() + 1
    return np.bincount(code[y == 0], minlength=k), np.bincount(code[y == 1], minlength=k)


def test_auc_and_average_precision_of_the_scikit_learn_documentation():
    y, s = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])

    assert roc_auc(*counts(y, s)) == pytest.approx(0.75)
    assert average_precision(*counts(y, s)) == pytest.approx(0.8333333333333333)


@given(rows)
def test_metrics_on_counts_agree_with_scikit_learn_on_rows(pairs):
    y, s = np.array(pairs).T
    if len(set(y)) < 2:
        assert roc_auc(*counts(y, s)) is None
        return

    assert roc_auc(*counts(y, s)) == pytest.approx(roc_auc_score(y, s))
    assert average_precision(*counts(y, s)) == pytest.approx(average_precision_score(y, s))
    assert weighted_auc(y, s, np.ones(len(y))) == pytest.approx(roc_auc_score(y, s))


def test_weights_count_as_rows():
    rng = np.random.default_rng(0)
    y, s, w = rng.integers(0, 2, 200), rng.integers(0, 20, 200), rng.integers(1, 4, 200)

    assert weighted_auc(y, s, w) == pytest.approx(roc_auc_score(y, s, sample_weight=w))
    assert weighted_auc(y, s, w) == pytest.approx(roc_auc_score(np.repeat(y, w), np.repeat(s, w)))


def pairwise_delong(y, s):
    """DeLong's variance straight from its definition, over all pairs."""
    pos, neg = s[y == 1], s[y == 0]
    kernel = (pos[:, None] > neg) + (pos[:, None] == neg) / 2
    return kernel.mean(axis=1).var(ddof=1) / len(pos) + kernel.mean(axis=0).var(ddof=1) / len(neg)


def test_delong_variance_agrees_with_its_definition():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 300)
    s = np.round(rng.normal(size=300) + y, 1)

    assert delong_variance(*counts(y, s)) == pytest.approx(pairwise_delong(y, s))


def test_paired_delong_agrees_with_the_definition_and_with_unpaired_parts():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 250)
    a, b = np.round(rng.normal(size=250) + y, 1), np.round(rng.normal(size=250) + 0.5 * y, 1)
    found = paired_delong(y, a, b)
    pos, neg = (np.array([s[y == k] for s in (a, b)]) for k in (1, 0))
    kernels = [(p[:, None] > n) + (p[:, None] == n) / 2 for p, n in zip(pos, neg, strict=True)]
    d = kernels[0] - kernels[1]
    se = np.sqrt(d.mean(axis=1).var(ddof=1) / len(pos[0]) + d.mean(axis=0).var(ddof=1) / len(neg[0]))

    assert (roc_auc_score(y, a), roc_auc_score(y, b)) == pytest.approx((found.auc_a, found.auc_b))
    assert se == pytest.approx(found.se)


def test_a_score_against_itself_differs_by_nothing():
    y, a = np.repeat([0, 1], [4, 3]), np.array([1.0, 2, 3, 4, 3, 4, 5])
    found = paired_delong(y, a, a)

    assert (found.difference, found.se) == (0.0, 0.0)


def test_one_class_gives_none_everywhere():
    none, some = np.zeros(3), np.array([1, 2, 3])

    assert roc_auc(none, some) is None
    assert average_precision(some, none) is None
    assert ks_between_classes(none, some) is None
    assert delong_variance(np.array([1, 0]), np.array([2, 2])) is None
    assert paired_delong(np.ones(5), np.arange(5.0), np.arange(5.0)) is None
    assert np.isnan(roc_auc_many(none, some))


def test_ks_between_classes_agrees_with_scipy():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(1)
    y, s = rng.integers(0, 2, 400), rng.normal(size=400)

    assert ks_between_classes(*counts(y, s)) == pytest.approx(ks_2samp(s[y == 0], s[y == 1]).statistic)


def test_midranks_agree_with_scipy():
    from scipy.stats import rankdata

    x = np.array([3.0, 1, 3, 2, 2, 2])

    np.testing.assert_array_equal(midranks(x), rankdata(x))
    times = np.array([1, 3, 2, 1, 1, 4])
    by_value = dict(zip(np.repeat(x, times), rankdata(np.repeat(x, times)), strict=True))
    np.testing.assert_array_equal(midranks(x, times.astype(float)), [by_value[v] for v in x])


@pytest.mark.shared
def test_auc_of_the_compas_deciles_is_the_published_one():
    # Dressel & Farid (2018), Science Advances 4(1) eaao5580, table 1C: 0.70; the full file gives 0.7022
    import pandas as pd

    shared = Path(__file__).resolve().parents[2].parent / "shared"
    data = pd.read_parquet(shared / "data" / "compas.parquet", columns=["decile_score", "two_year_recid"])
    y, s = data["two_year_recid"].to_numpy(), data["decile_score"].to_numpy()

    assert roc_auc(*counts(y, s)) == pytest.approx(0.70, abs=0.005)
    assert roc_auc(*counts(y, s)) == pytest.approx(roc_auc_score(y, s))
    assert delong_variance(*counts(y, s)) == pytest.approx(pairwise_delong(y, s))
