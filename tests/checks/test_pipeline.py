"""PIP101 to PIP108: whatever production computes otherwise is found and named; a sound twin is quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from validators.checks import (
    freshness,
    golden_rows,
    score_parity,
    served_again,
    served_keys,
    serving_contract,
    unkeyed_serving,
    value_parity,
)
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
        schemas=held,
        rows=rows,
        **{"declared": frozenset({"key"})} | more,
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
    "in a circle": (lambda X: {"income": X.debt, "debt": X.visits, "visits": X.income}, "debt", "swapped",
                    "moved in a circle: debt holds visits, visits holds income, income holds debt"),
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
def contract(X, served, constraints=None):
    schemas = {Role.TEST: kinds(X), Role.SERVING: kinds(served)}
    conformed = served.assign(**{c: np.nan for c in X if c not in served})[list(X)]
    return measure(serving_contract.CHECK, batch(X), batch(conformed), schemas=schemas, constraints=constraints)


def test_a_feature_that_is_not_served_or_of_another_type_is_named():
    X = features()
    found = contract(X, X.drop(columns="debt").assign(hour=X.hour.map("{} h".format), more=1))

    assert verdict(found["absent_feature", "feature:debt"], {"warn": None, "fail": 0.0}) == "FAIL"
    assert "number in test and text" in found["other_type", "feature:hour"].note
    assert found["extra_columns", "model"].value == 1.0
    assert ("absent_feature", "model") not in found


def test_a_sound_contract_passes():
    X = features()
    found = contract(X, X.astype({"debt": np.float32, "visits": float}), {"debt": {"min": 0, "nullable": False}})

    assert found["absent_feature", "model"].value == 0.0
    assert found["other_type", "model"].value == 0.0
    assert {verdict(m) for m in found.values() if m.metric == "outside_contract"} == {"PASS"}


def test_declared_constraints_are_held_against_every_served_row():
    X = features()
    served = X.assign(debt=np.where(np.arange(N) < 20, -1.0, X.debt), region=X.region.where(np.arange(N) >= 30, "mars"))
    declared = {
        "debt": {"min": 0, "max": 1e9},
        "region": {"levels": ["north", "south", "east"]},
        "income": {"nullable": False},
    }
    found = contract(X, served, declared)

    assert found["outside_contract", "feature:debt | rows:min"].value == pytest.approx(0.02)
    assert found["outside_contract", "feature:debt | rows:max"].value == 0.0
    assert found["outside_contract", "feature:region | rows:levels"].value == pytest.approx(0.03)
    assert found["outside_contract", "feature:income | rows:null"].value == pytest.approx(X.income.isna().mean())
    assert found["unknown_level_share", "feature:region"].value == pytest.approx(0.03)


# --- keys -------------------------------------------------------------------------------------------------------------
def test_keys_that_are_missing_or_served_twice_are_counted_exactly():
    X = features()
    keys = np.concatenate([np.arange(40, N), [50, 51, 51], np.arange(N, N + 5)])
    served = batch(X.iloc[np.arange(len(keys)) % N], keys=keys)
    found = measure(served_keys.CHECK, batch(X), served)

    assert found["not_served", "model"].value == pytest.approx(40 / N)
    assert found["served_twice", "model"].value == pytest.approx(2 / (N - 40 + 5))
    assert found["only_served", "model"].value == pytest.approx(5 / (N - 40 + 5))
    assert found["matched_keys", "model"].value == pytest.approx(0.96)


def test_the_same_keys_once_pass_also_where_fewer_rows_were_read():
    X = features()
    order = np.argsort(batch(X).key)
    found = measure(served_keys.CHECK, batch(X), take(batch(X), order[::-1]))
    bounded = measure(served_keys.CHECK, take(batch(X), order[:100]), take(batch(X), order[5:105]), rows=100)

    assert {verdict(found[m, "model"]) for m in ("not_served", "served_twice")} == {"PASS"}
    assert bounded["not_served", "model"].value == pytest.approx(0.05)
    assert bounded["only_served", "model"].value == 0.0


def test_no_served_rows_are_no_pass():
    X = features()

    assert measure(served_keys.CHECK, batch(X), batch(X.head(0)))["not_served", "model"].value is None


# --- scores -----------------------------------------------------------------------------------------------------------
def scored(p, q, task=BINARY):
    X = features()
    return measure(score_parity.CHECK, batch(X, scores=p), batch(X, scores=q), task=task)


def test_equal_scores_pass_and_flips_are_counted():
    p = np.random.default_rng(0).random(N)
    q = np.where(np.arange(N) < 30, 1 - p, p)
    same, other = scored(p, p.astype(np.float32)), scored(p, q)

    assert verdict(same["decision_flips", "model"]) == "PASS"
    assert verdict(same["scores_differ", "model"]) == "PASS"
    assert other["decision_flips", "model"].value == pytest.approx(np.mean((p >= 0.5) != (q >= 0.5)))
    assert other["largest_score_change", "model"].value == pytest.approx(np.abs(p - q).max())
    assert verdict(other["decision_flips", "model"]) == "FAIL"


@pytest.mark.parametrize(
    ("served", "stored", "expected"),
    [
        (lambda X: X.assign(debt=X.debt.astype(np.float32)), False, "WARN"),
        (lambda X: X.assign(debt=X.debt.astype(np.float32)), True, "FAIL"),  # another model may have scored
        (lambda X: X.assign(debt=X.debt.astype(np.float32) * 1.001), False, "FAIL"),
        (lambda X: X, False, "FAIL"),  # the same features, and another score
    ],
)
def test_single_precision_on_the_thresholds_of_a_model_is_attention_at_most(served, stored, expected):
    X = features()
    p = X.debt.rank(pct=True).to_numpy()
    q = np.where(np.arange(N) < 20, 1 - p, p)
    both = batch(X, scores=p), batch(served(X), scores=q)
    declared = frozenset({"key", *(["prediction"] if stored else [])})
    found = measure(score_parity.CHECK, *both, declared=declared)

    assert verdict(found["scores_differ", "model"]) == expected
    assert ("single precision" in found["scores_differ", "model"].note) == (expected == "WARN")


def test_a_score_that_one_side_lacks_differs():
    p = np.random.default_rng(0).random(N)
    q = np.where(np.arange(N) < 30, np.nan, p)

    assert scored(p, q)["scores_differ", "model"].value == pytest.approx(0.03)
    assert scored(q, q)["scores_differ", "model"].value == 0.0


def test_classes_flip_by_their_largest_score_and_values_differ_in_standard_deviations():
    p = np.random.default_rng(0).dirichlet(np.ones(3), N)
    task = Task(type="multiclass", target="y", classes=("a", "b", "c"))
    rolled = scored(p, np.roll(p, 1, axis=1), task)
    value = scored(p[:, 0] * 1e6, p[:, 0] * 1e6 + 1e-3, Task(type="regression", target="y"))

    assert rolled["decision_flips", "model"].value == 1.0
    assert value["scores_differ", "model"].value == 0.0
    assert ("decision_flips", "model") not in value


def test_scores_that_cannot_be_had_are_no_pass():
    X = features()
    found = measure(score_parity.CHECK, batch(X, scores=np.zeros(N)), batch(X))

    assert found["scores_differ", "model"].value is None


# --- freshness --------------------------------------------------------------------------------------------------------
def fresh(served):
    X = features()
    age = np.random.default_rng(0).uniform(0, 3, N)
    return measure(
        freshness.CHECK,
        batch(X, lateness={"debt": -age}),
        batch(X, lateness={} if served is None else {"debt": -served(age)}),
    )


def test_values_of_yesterday_are_found_and_fresh_ones_pass():
    stale = fresh(lambda age: np.where(np.arange(N) < 50, age + 1, age))
    same = fresh(lambda age: age)

    assert stale["staler_share", "feature:debt"].value == pytest.approx(0.05)
    assert verdict(stale["staler_share", "feature:debt"]) == "FAIL"
    assert "by up to 1.0 days" in stale["staler_share", "feature:debt"].note
    assert verdict(same["staler_share", "feature:debt"]) == "PASS"


def test_served_from_after_the_decision_and_unknown_times_are_told():
    found = fresh(lambda age: np.where(np.arange(N) < 10, -1.0, np.where(np.arange(N) < 30, np.nan, age)))

    assert found["served_late_share", "feature:debt"].value == pytest.approx(10 / 980)
    assert found["unknown_age_share", "feature:debt"].value == pytest.approx(0.02)
    assert fresh(None)["staler_share", "feature:debt"].value is None


# --- asked again ------------------------------------------------------------------------------------------------------
class Steady:
    def predict(self, X):
        return np.tanh(X["debt"].to_numpy() / 1e4)


class Ranks:
    """A preprocessing that looks at the whole batch."""

    def predict(self, X):
        return X["debt"].rank(pct=True).to_numpy()


class Position:
    def predict(self, X):
        return np.arange(len(X), dtype=float)


def asked(model):
    X = features()
    return measure(served_again.CHECK, batch(X), batch(X), models={"candidate": model})


def test_a_model_that_only_looks_at_the_row_passes_and_others_are_found():
    steady, ranks, position = asked(Steady()), asked(Ranks()), asked(Position())

    assert {m.value for m in steady.values()} == {0.0}
    assert ranks["changed_scores", "rows:small_batches"].value > 0.9
    assert ranks["changed_scores", "rows:asked_again"].value == 0.0
    assert position["changed_scores", "rows:reverse_order"].value > 0.9


# --- golden rows ------------------------------------------------------------------------------------------------------
def golden(change=0.0, rows=20):
    X = features()
    frame = X.head(rows).assign(score=Steady().predict(X.head(rows)) + change)
    return measure(golden_rows.CHECK, batch(X), batch(X), models={"candidate": Steady()}, golden=frame)


def test_golden_rows_that_score_as_written_pass_and_one_that_does_not_fails():
    one = np.where(np.arange(20) == 7, 0.01, 0.0)

    assert golden()["golden_misses", "model"].value == 0.0
    assert golden(one)["golden_misses", "model"].value == pytest.approx(0.05)
    assert "row 8 first" in golden(one)["golden_misses", "model"].note
    assert golden(one)["golden_largest", "model"].value == pytest.approx(0.01)
    assert golden(rows=0)["golden_misses", "model"].value is None


# --- without a key ----------------------------------------------------------------------------------------------------
def unkeyed(served, seed=1, research=lambda X: X):
    grid, X = Grid(features={}, score_cuts=(), score_coarse=()), research(features())
    both = {Role.TEST: batch(X), Role.SERVING: batch(served(features(seed=seed)))}
    check = unkeyed_serving.CHECK
    given = Given(
        task=BINARY, grid=grid, options=check.options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in both.items() for kind in check.needs.summaries},
        schemas={role: kinds(b.X) for role, b in both.items()},
    )  # fmt: skip
    return {(m.metric, m.subject): m for m in check.measure(given)}


@pytest.mark.parametrize("seed", range(1, 9))
def test_other_rows_of_the_same_population_have_no_factor_and_no_gap(seed):
    found = unkeyed(lambda X: X, seed)

    assert {m.value for m in found.values() if m.metric == "scale_factor_found"} == {0.0}
    assert all(m.low <= 0 <= m.high for m in found.values() if m.metric == "missing_gap")


@pytest.mark.parametrize(("factor", "words"), [(1 / 12, "months"), (100.0, "power of ten"), (2.20462, "pounds")])
def test_a_unit_error_shows_in_the_quantiles_without_a_key(factor, words):
    found = unkeyed(lambda X: X.assign(income=X.income * factor))

    assert found["scale_factor_found", "feature:income"].value == 1.0
    assert words in found["scale_factor_found", "feature:income"].note
    assert found["scale_factor_found", "feature:debt"].value == 0.0


def test_lost_values_and_new_levels_show_without_a_key():
    found = unkeyed(lambda X: X.assign(debt=X.debt.where(np.arange(N) % 5 > 0), region=X.region.str.upper()))

    assert found["missing_gap", "feature:debt"].low > 0.05
    assert found["new_level_gap", "feature:region"].low > 0.5


def test_open_levels_of_other_rows_are_no_gap():
    rng = np.random.default_rng(0)
    found = unkeyed(lambda X: X.assign(region=rng.integers(0, 3000, N).astype(str)), seed=1)
    assert found["new_level_gap", "feature:region"].low > 0.5  # test has four regions

    open_levels = lambda X, seed: X.assign(region=np.random.default_rng(seed).integers(0, 3000, N).astype(str))  # noqa: E731
    gap = unkeyed(lambda X: open_levels(X, 2), research=lambda X: open_levels(X, 3))["new_level_gap", "feature:region"]
    assert gap.low < 0 < gap.high
    assert abs(gap.value) < 0.05


def test_with_a_key_the_rows_themselves_are_compared():
    X = features()

    assert set(measure(unkeyed_serving.CHECK, batch(X), batch(X))) == {("served_rows", "model")}
