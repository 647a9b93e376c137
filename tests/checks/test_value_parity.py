"""PIP103: a planted difference of served values is found and named; a sound twin is quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from validators.checks import (
    value_parity,
)
from validators.core.data import Role
from validators.summaries.row_sample import RowSampleKind, take

from .pipeline_cases import N, batch, features, kinds, measure, parity, verdict


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
    "in a circle": (lambda X: {"income": X.debt, "debt": X.visits, "visits": X.income}, "debt", "swapped",
                    "moved in a circle: debt holds visits, visits holds income, income holds debt"),
    "copied": (lambda X: {"debt": X.income}, "debt", "column", "values of income"),
    "codes": (lambda X: {"region": X.region.map({"north": "south", "south": "east", "east": "north"})}, "region", "permuted_codes",
              "north arrives as south"),
    "lag": (lambda X: {"debt": X.debt.shift(1).fillna(0)}, "debt", "lag", "lag 1"),
    "time zone": (lambda X: {"opened": X.opened + pd.Timedelta(hours=2)}, "opened", "time_zone", "+2 hours"),
    "quarter": (lambda X: {"opened": X.opened + pd.Timedelta(minutes=15)}, "opened", "time_zone", "+0.25 hours"),
    "minutes late": (lambda X: {"opened": X.opened + pd.Timedelta(minutes=5)}, "opened", "offset", "+300 seconds"),
    "whole minutes": (lambda X: {"opened": X.opened.dt.floor("min")}, "opened", "truncation", "truncated to whole minutes"),
    "nearest hour": (lambda X: {"opened": X.opened.dt.round("h")}, "opened", "rounding", "rounded to whole hours"),
    "earlier time": (lambda X: {"opened": X.opened.shift(1).fillna(X.opened[0])}, "opened", "lag", "lag 1"),
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


def test_times_a_few_minutes_apart_differ_and_no_line_explains_them():
    """Within a millionth of the seconds since 1970, 28 minutes, all passed as equal."""
    X = features()
    late = pd.to_timedelta(np.random.default_rng(4).integers(1, 1600, N), unit="s")
    m = parity(X, X.assign(opened=X.opened + late))["mismatch_rate", "feature:opened"]

    assert m.value == 1.0
    assert "no single cause" in m.note


CODES = {"epoch": 1_730_000_000 + 61 * np.arange(N), "code": 10_000_000 + 887_001 * np.arange(N)}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(
    ("name", "served", "words"),
    [
        ("epoch", lambda v: v - np.random.default_rng(4).integers(901, 1620, N), "no single cause"),
        ("code", lambda v: v + np.random.default_rng(4).integers(1, 9, N), "no single cause"),
        ("code", lambda v: (v + 1).astype(str), "1 × research +1"),
    ],
    ids=["seconds", "codes", "codes as text"],
)
def test_whole_numbers_that_are_not_the_same_differ(name, served, words, gaps):
    """Within a millionth they all passed: seconds since 1970 served 15 to 27 minutes stale, codes next to the true ones."""
    known = np.ones(N, bool) if not gaps else np.arange(N) % 7 > 0
    X = features().assign(**CODES)
    other = X.assign(**{name: served(X[name])})
    m = parity(*(f.assign(**{name: f[name].where(known)}) if gaps else f for f in (X, other)))
    m = m["mismatch_rate", f"feature:{name}"]

    assert m.value == known.mean()
    assert words in m.note


@pytest.mark.parametrize("kind", [float, str, np.float32, lambda v: v.astype(np.float32).astype(str).astype(float)])
def test_whole_numbers_in_another_type_pass(kind):
    X = features().assign(**CODES)
    served = X.assign(**{c: X[c].astype(kind) if isinstance(kind, type) else kind(X[c]) for c in CODES})

    assert verdict(parity(X, served)["rows_differ", "model"]) == "PASS"


@pytest.mark.parametrize("gaps", [False, True])
def test_whole_numbers_beyond_those_of_floats_are_compared_as_they_are(gaps):
    token = pd.Series(2**60 + np.arange(N))
    token = token.astype("Int64").where(np.arange(N) % 4 > 0) if gaps else token
    X = features().assign(token=token)

    assert parity(X, X)["mismatch_rate", "feature:token"].value == 0.0
    assert parity(X, X.assign(token=X.token + 1))["mismatch_rate", "feature:token"].value == (0.75 if gaps else 1.0)


def test_two_times_that_are_minutes_apart_are_not_one():
    X = features().assign(closed=features().opened + pd.to_timedelta(np.arange(N) % 25 + 1, unit="min"))

    found = parity(X, X.assign(opened=X.closed, closed=X.opened))
    assert "swapped with closed" in found["mismatch_rate", "feature:opened"].note


def test_the_rate_and_its_bound_are_those_of_clopper_and_pearson():
    X = features()
    found = parity(X, X.assign(debt=np.where(np.arange(N) < 7, -1.0, X.debt)))
    theirs = binomtest(7, N, alternative="less").proportion_ci(confidence_level=1 - 0.05 / 6, method="exact")

    assert found["mismatch_rate", "feature:debt"].value == pytest.approx(0.007)
    assert found["mismatch_rate", "feature:debt"].high == pytest.approx(theirs.high, abs=1e-9)


def test_a_stale_copy_is_the_entitys_own_earlier_value():
    X = features()
    entities = np.arange(N) % 100
    served = X.assign(debt=X.debt.groupby(entities).shift(1).fillna(X.debt))
    found = parity(X, served, entities=entities)

    assert "of the same entity" in found["mismatch_rate", "feature:debt"].note


@pytest.mark.parametrize(
    ("step", "late", "words"), [("D", 2, "2 days earlier"), ("h", -3, "3 hours later"), ("M", 1, "a month earlier")]
)
def test_a_copy_of_another_period_is_named_where_an_entity_has_many_rows_between(step, late, words):
    """Twelve rows of an entity lie in a period here, so counting rows back would not find it."""
    entities, number = np.arange(N) % 5, np.arange(N) // 5
    gap = np.timedelta64(1, step).astype("timedelta64[h]") if step != "M" else None
    if gap is None:
        times = (np.datetime64("2025-01-01") + (number % 10)).astype("M8[M]") + (number // 10)
        times = times.astype("M8[D]") + (number % 10)
    else:
        times = np.datetime64("2025-01-01T00", "m") + number * (gap.astype("m8[m]") // 12)
    X = features()
    held = pd.Series(X.debt.to_numpy(), index=pd.MultiIndex.from_arrays([entities, times.astype("M8[ns]")]))
    then = (
        (times.astype("M8[M]") - late).astype("M8[D]") + (times - times.astype("M8[M]"))
        if gap is None
        else times - late * gap
    )
    served = held.reindex(pd.MultiIndex.from_arrays([entities, then.astype("M8[ns]")])).to_numpy()
    rows = replace(batch(X, entities=entities), time=times.astype("M8[ns]"))
    found = measure(
        value_parity.CHECK, rows, replace(rows, X=X.assign(debt=np.where(np.isnan(served), X.debt, served)))
    )

    assert f"those of {words}, of the same entity" in found["mismatch_rate", "feature:debt"].note


def test_texts_that_are_swapped_copied_or_late_are_named():
    rng = np.random.default_rng(3)
    X = features().assign(town=rng.choice(["Ulm", "Bonn", "Kiel", "Jena"], N).astype(object))
    swapped = parity(X, X.assign(town=X.region, region=X.town))
    copied = parity(X, X.assign(town=X.region))
    late = parity(X, X.assign(town=X.town.shift(1).fillna("Ulm")))

    assert "swapped with town" in swapped["mismatch_rate", "feature:region"].note
    assert "swapped with region" in swapped["mismatch_rate", "feature:town"].note
    assert "holds the values of region" in copied["mismatch_rate", "feature:town"].note
    assert "(lag 1)" in late["mismatch_rate", "feature:town"].note


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


# --- contract ---------------------------------------------------------------------------------------------------------


def test_dates_are_told_as_dates_and_not_as_seconds():
    X = features().assign(opened=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N) % 90, unit="D"))
    found = parity(X, X.assign(opened=X.opened.where(np.arange(N) >= 300, pd.Timestamp("2013-05-01 06:30"))))

    assert "replaced by 2013-05-01 06:30" in found["mismatch_rate", "feature:opened"].note
    assert found["research_value", "feature:opened | rows:bin_01"].note == "2020-01-03"
