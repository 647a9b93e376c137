"""PIP101 to PIP108: whatever production computes otherwise is found and named; a sound twin is quiet."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from validators.checks import value_parity
from validators.core.data import WEIGHT_ONE, Batch, Grid, Role, Task
from validators.core.policy import Rule
from validators.core.records import Given
from validators.summaries.row_sample import RowSampleKind, take

N = 1000
LIMITS = {"warn": 0.001, "fail": 0.01}
BINARY = Task(type="binary", target="y", classes=(0, 1), positive=1, threshold=0.5)


def features(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(10, 0.5, n)),
            "debt": rng.lognormal(8, 1, n),
            "visits": rng.integers(0, 12, n),
            "hour": rng.integers(0, 24, n),
            "region": pd.Series(rng.choice(["north", "south", "east"], n), dtype=object),
            "opened": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
        }
    )


def batch(X, *, entities=None, keys=None, seed=5, scores=None, lateness=None):
    n = len(X)
    rng = np.random.default_rng(seed)
    number = np.arange(n) if keys is None else np.asarray(keys)
    hashed = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    days = np.sort(rng.integers(0, 180 * 86_400, 10**4))[np.arange(n) * 10**4 // max(n, 1)]
    return Batch(
        X=X.reset_index(drop=True),
        codes=np.zeros((n, 0), np.int32),
        y=np.full(n, np.nan),
        scores={} if scores is None else {"candidate": np.asarray(scores, float).reshape(n, -1)},
        weight=np.full(n, WEIGHT_ONE),
        key=hashed,
        unit=hashed if entities is None else np.asarray(entities).astype(np.uint64),
        period=np.full(n, -1),
        slices=np.zeros((n, 0), bool),
        sensitive=pd.DataFrame(index=range(n)),
        time=np.datetime64("2025-01-01", "ns") + days * np.timedelta64(1, "s"),
        order=number.astype(float),
        lateness={} if lateness is None else lateness,
    )


def kinds(frame):
    names = {"f": "number", "i": "number", "u": "number", "b": "true or false", "M": "time"}
    return {str(c): names.get(frame[c].dtype.kind, "text") for c in frame}


def measure(
    check, test, serving, *, schemas=None, task=BINARY, options=None, constraints=None, models=None, rows=None, **more
):
    grid = Grid(features={}, score_cuts=(), score_coarse=())
    both = {Role.TEST: test, Role.SERVING: serving}
    held = schemas or {role: kinds(b.X) for role, b in both.items()}
    given = Given(
        task=task,
        grid=grid,
        options=check.options if options is None else options,
        rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in both.items() for kind in check.needs.summaries},
        constraints=constraints or {},
        models=models or {},
        declared=frozenset({"key"}),
        schemas=held,
        rows=rows,
        **more,
    )
    found = {}
    for m in check.measure(given):
        assert m.metric in check.metrics
        assert (m.metric, m.subject) not in found
        assert m.value is not None or m.note
        found[m.metric, m.subject] = m
    return found


def verdict(m, limits=LIMITS):
    return Rule(check="", metric=m.metric, worse="above", **limits).judge(m).value


def parity(X, served, **how):
    """What PIP103 finds, with the served rows in another order."""
    order = np.random.default_rng(1).permutation(len(X))
    return measure(value_parity.CHECK, batch(X, **how), take(batch(served, **how), order))


# --- value parity -----------------------------------------------------------------------------------------------------
def single(X, served):
    return parity(X, X.assign(**served(X)) if callable(served) else served)


@pytest.mark.parametrize("seed", range(10))
def test_the_same_values_in_another_order_pass_with_their_bound(seed):
    X = features(seed=seed)
    found = parity(X, X)
    m = found["rows_differ", "model"]

    assert m.value == 0.0
    assert m.low is None
    assert m.high == pytest.approx(3 / N, rel=0.01)
    assert {verdict(x) for x in found.values() if x.metric in ("rows_differ", "mismatch_rate")} == {"PASS"}
    assert "no row differs" in m.note


@pytest.mark.parametrize(
    "harmless",
    [
        lambda X: X.astype({"income": np.float32, "debt": np.float32}),
        lambda X: X.astype({"visits": float, "hour": np.int8, "region": "category"}),
        lambda X: X.assign(opened=X.opened.dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")),
        lambda X: X.assign(opened=X.opened.astype(str), visits=X.visits.astype(str)),
        lambda X: X[X.columns[::-1]],
    ],
    ids=[
        "float32",
        "types",
        "the same instants in another zone",
        "numbers and times as text",
        "columns in another order",
    ],
)
def test_what_changes_no_value_passes(harmless):
    X = features()

    assert verdict(parity(X, harmless(X))["rows_differ", "model"]) == "PASS"


PLANTS = {
    "monthly income": (lambda X: {"income": X.income / 12}, "income", "unit_factor", "×12"),
    "cents": (lambda X: {"debt": X.debt * 100}, "debt", "unit_factor", "×100"),
    "offset": (lambda X: {"debt": X.debt - 50}, "debt", "offset", "-50"),
    "swapped": (lambda X: {"income": X.debt, "debt": X.income}, "debt", "swapped", "swapped with income"),
    "copied": (lambda X: {"debt": X.income}, "debt", "column", "values of income"),
    "codes": (lambda X: {"region": X.region.map({"north": "south", "south": "east", "east": "north"})}, "region", "permuted_codes",
              "north arrives as south"),
    "lag": (lambda X: {"debt": X.debt.shift(1).fillna(0)}, "debt", "lag", "lag 1"),
    "time zone": (lambda X: {"opened": X.opened + pd.Timedelta(hours=2)}, "opened", "time_zone", "+2 hours"),
    "hour": (lambda X: {"hour": (X.hour + 3) % 24}, "hour", "time_zone", "+3"),
    "zero for null": (lambda X: {"income": X.income.fillna(0)}, "income", "null_as_value", "nulls arrive as 0"),
    "mean for null": (lambda X: {"income": X.income.fillna(X.income.mean())}, "income", "null_as_value", "about the mean"),
    "null": (lambda X: {"income": X.income.where(X.visits != 3)}, "income", "value_as_null", "as null"),
    "rounded": (lambda X: {"debt": X.debt.round(0)}, "debt", "rounding", "whole"),
    "truncated": (lambda X: {"debt": np.trunc(X.debt)}, "debt", "truncation", "whole"),
    "case": (lambda X: {"region": X.region.str.title()}, "region", "case", "case"),
    "blank": (lambda X: {"region": X.region + " "}, "region", "whitespace", "blanks"),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_planted_difference_fails_and_is_named_whether_in_all_rows_or_some(plant, share):
    served, name, kind, words = PLANTS[plant]
    X = features()
    hit = np.random.default_rng(2).random(N) < share
    changed = {c: np.where(hit, v, X[c].to_numpy()) for c, v in served(X).items()}
    if name == "opened":
        changed = {"opened": X.opened.where(~hit, served(X)["opened"])}
    found = parity(X, X.assign(**changed))
    m = found["mismatch_rate", f"feature:{name}"]

    assert verdict(m) == "FAIL" or m.value < 0.01
    assert verdict(m) != "PASS"
    assert words in m.note
    assert found["explained_share", f"feature:{name} | rows:{kind}"].value >= 0.98
    quiet = set(X) - set(changed)
    assert {verdict(found["mismatch_rate", f"feature:{q}"]) for q in quiet} == {"PASS"}


def test_the_rate_and_its_bound_are_those_of_clopper_and_pearson():
    X = features()
    found = parity(X, X.assign(debt=np.where(np.arange(N) < 7, -1.0, X.debt)))
    theirs = binomtest(7, N).proportion_ci(confidence_level=1 - 0.05 / 6, method="exact")

    assert found["mismatch_rate", "feature:debt"].value == pytest.approx(0.007)
    assert found["mismatch_rate", "feature:debt"].high == pytest.approx(theirs.high, abs=1e-9)


def test_a_stale_copy_is_the_entitys_own_earlier_value():
    X = features()
    entities = np.arange(N) % 100
    served = X.assign(debt=X.debt.groupby(entities).shift(1).fillna(X.debt))
    found = parity(X, served, entities=entities)

    assert "of the same entity" in found["mismatch_rate", "feature:debt"].note


def test_a_fault_of_one_month_is_named_with_its_days():
    X = features()
    month = batch(X).time.astype("datetime64[M]")
    hit = month == month[N // 2]
    found = parity(X, X.assign(debt=np.where(hit, X.debt * 100, X.debt)))
    note = found["mismatch_rate", "feature:debt"].note

    assert "×100" in note
    assert f"only from {month[N // 2]}" in note


def test_a_fault_of_one_level_is_named_with_it():
    X = features()
    note = parity(X, X.assign(debt=np.where(X.region == "south", 0.0, X.debt)))["mismatch_rate", "feature:debt"].note

    assert "replaced by 0" in note
    assert "where region = south" in note


def test_no_common_key_is_never_a_pass():
    X = features()
    found = measure(value_parity.CHECK, batch(X), batch(X, keys=np.arange(N) + 10**6))

    assert verdict(found["rows_differ", "model"]) == "INCONCLUSIVE"


def test_a_feature_that_is_not_served_is_left_to_the_contract():
    X = features()
    schemas = {Role.TEST: kinds(X), Role.SERVING: kinds(X.drop(columns="debt"))}
    found = measure(value_parity.CHECK, batch(X), batch(X.assign(debt=np.nan)), schemas=schemas)

    assert ("mismatch_rate", "feature:debt") not in found
    assert verdict(found["rows_differ", "model"]) == "PASS"


def test_text_where_a_number_belongs_differs():
    X = features()
    found = parity(X, X.assign(debt=np.where(np.arange(N) < 100, "n/a", X.debt.astype(str))))

    assert found["mismatch_rate", "feature:debt"].value == pytest.approx(0.1)


def test_bounded_samples_hold_the_same_keys_and_say_so():
    X = features()
    serving = batch(X).key
    kind = RowSampleKind(100)
    test, served = (
        kind.of(batch(X), None),
        kind.of(take(batch(X), np.flatnonzero(serving > np.sort(serving)[10])), None),
    )
    from validators.summaries.pairs import pair

    pairs = pair(test, served)

    assert len(pairs) == 88  # 100 less the eleven that serving lacks, less the largest key
    assert (pairs.test.key == pairs.serving.key).all()
    assert "smallest key hashes of 1,000" in pairs.note


def test_every_served_row_of_a_key_is_compared():
    X = features()
    keys = np.concatenate([np.arange(N), np.arange(N)])
    served = pd.concat([X, X.assign(debt=X.debt * 100)], ignore_index=True)
    found = measure(value_parity.CHECK, batch(X), batch(served, keys=keys))

    assert found["mismatch_rate", "feature:debt"].value == pytest.approx(0.5)
