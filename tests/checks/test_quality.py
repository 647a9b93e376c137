"""QUA101 to QUA105: planted defects are found and named; clean twins are quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks import (
    feature_defects,
    feature_habits,
    label_maturity,
    label_noise,
    label_noise_by_month,
    redundant_features,
    repeated_keys,
)
from validators.core.data import Role
from validators.summaries.row_sample import take

from .performance_cases import (
    BINARY,
    REGRESSION,
    batch_of,
    frame,
    given_rows,
    grid_of,
    measured,
    multiclass,
    sound,
    truth,
    verdict,
)

NOISE = {"warn": 0.02, "fail": 0.05}
MONTH = {"warn": 0.1, "fail": None}


def measure(check, roles, grid, task=BINARY, *, declared=("key",)):
    return measured(check, given_rows(check, roles, grid, task, declared=frozenset(declared)))


def test_values_beyond_those_of_the_reference_share_a_bin_and_are_not_dead():
    reference, train = frame(2000, 1), frame(2000, 2)
    train["income"] = 1000 + np.arange(2000.0)
    grid = grid_of(reference, np.linspace(0, 1, 100))
    found = measure(
        feature_defects.CHECK, {Role.TRAIN: batch_of(train, np.zeros(2000), np.full(2000, 0.5), grid)}, grid
    )

    assert found["modal_share", "feature:income"].value == pytest.approx(1 / 2000)


def noisy(flips, *, n=5000, positives_only=False, slices=None):
    X, y, p = sound(n, seed=20)
    hit = np.random.default_rng(2).random(n) < flips
    if positives_only:
        hit &= y == 1
    wrong = np.where(hit, 1 - y, y)
    other_x, other_y, other_p = sound(n, seed=30)
    grid = grid_of(X, p, slices=slices and {k: (k, m(X)) for k, m in slices.items()})
    made = [
        batch_of(a, b, c, grid, slices=slices and {k: (k, m(a)) for k, m in slices.items()})
        for a, b, c in ((X, wrong, p), (other_x, other_y, other_p))
    ]
    return measure(label_noise.CHECK, {Role.TRAIN: made[0], Role.REFERENCE: made[1]}, grid)


def test_flipped_labels_are_found_and_sized():
    m = noisy(0.15)["noise_excess", "model"]

    assert verdict(m, **NOISE) == "FAIL"
    assert m.low < 0.15 < m.high


def test_flips_of_one_class_are_laid_at_its_door():
    found = noisy(0.4, positives_only=True)

    assert verdict(found["noise_excess", "class:1"], **NOISE) == "FAIL"
    assert verdict(found["noise_excess", "class:0"], **NOISE) == "PASS"


@pytest.mark.parametrize(("start", "minor"), [("2024-01-01", False), ("2024-03-01", False), ("2024-07-01", True)])
def test_labels_of_another_season_are_attention_at_most(start, minor):
    """Flights of July are later than those of winter: no label was wrong, and the check failed."""
    X, y, p = sound(3000, 1)
    grid, rng = grid_of(X, p), np.random.default_rng(0)

    def at(first, labels):
        days = pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, 180, 3000), unit="D")
        return replace(batch_of(X, labels, p, grid), time=days.to_numpy("datetime64[ns]"))

    more = np.where(rng.random(3000) < 0.3, 1.0, y)
    found = measure(label_noise.CHECK, {Role.TRAIN: at("2024-01-01", y), Role.REFERENCE: at(start, more)}, grid)

    judged = [m for (metric, _), m in found.items() if metric == "noise_excess"]
    assert {m.minor for m in judged} == {minor}
    assert all(("other times" in m.note) == minor for m in judged)


def test_clean_labels_pass():
    found = noisy(0.0)

    assert all(verdict(m, **NOISE) in ("PASS", "INCONCLUSIVE") for (k, _), m in found.items() if k == "noise_excess")
    assert 0.2 < found["planted_found", "model"].value <= 1


def test_a_declared_slice_with_wrong_labels_is_named():
    inside = {"region == north": lambda X: (X["region"] == "north").to_numpy()}
    X, y, p = sound(5000, seed=20)
    hit = inside["region == north"](X) & (np.random.default_rng(3).random(5000) < 0.5) & (y == 1)
    other_x, other_y, other_p = sound(5000, seed=30)
    grid = grid_of(X, p, slices={k: (k, m(X)) for k, m in inside.items()})
    made = [
        batch_of(a, b, c, grid, slices={k: (k, m(a)) for k, m in inside.items()})
        for a, b, c in ((X, np.where(hit, 0.0, y), p), (other_x, other_y, other_p))
    ]
    m = measure(label_noise.CHECK, {Role.TRAIN: made[0], Role.REFERENCE: made[1]}, grid)[
        "slice_label_gap", "slice:region == north"
    ]

    assert verdict(m, warn=0.05, fail=0.1) == "FAIL"
    assert "too few positive" in m.note


def test_multiclass_flips_are_found():
    task = multiclass("a", "b", "c")
    made, labels = [], []
    for seed in (20, 30):
        X = frame(4000, seed)
        rng = np.random.default_rng(seed)
        labels.append(
            (truth(X) + rng.logistic(size=4000) * 0.5 > -1).astype(int) + (truth(X) + rng.logistic(size=4000) * 0.5 > 1)
        )
        made.append(X)
    rng = np.random.default_rng(5)
    hit = rng.random(4000) < 0.15
    wrong = np.where(hit, (labels[0] + rng.integers(1, 3, 4000)) % 3, labels[0])
    p = np.full((4000, 3), 1 / 3)
    grid = grid_of(made[0], *p.T, task=task)
    roles = {Role.TRAIN: batch_of(made[0], wrong, p, grid), Role.REFERENCE: batch_of(made[1], labels[1], p, grid)}
    m = measure(label_noise.CHECK, roles, grid, task)["noise_excess", "model"]

    assert verdict(m, **NOISE) == "FAIL"
    assert m.value == pytest.approx(0.15, abs=0.03)  # learners that are not calibrated bend the scale a little


def test_equal_rows_with_unequal_labels_are_counted_beyond_expectation():
    X, y, p = sound(2000, seed=20)
    twice = np.r_[np.arange(2000), np.arange(200)]
    sure = (
        X.iloc[twice].reset_index(drop=True).assign(age=lambda d: np.where(np.arange(2200) % 2000 < 200, 18, d["age"]))
    )
    labels = np.where(np.arange(2200) < 2000, y[twice], 1 - y[twice])
    grid = grid_of(X, p)
    unit = (twice.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    train = batch_of(sure, labels, p[twice], grid, unit=unit)
    other_x, other_y, other_p = sound(2000, seed=30)
    other = batch_of(other_x, other_y, other_p, grid)
    m = measure(label_noise.CHECK, {Role.TRAIN: train, Role.REFERENCE: other}, grid)["conflict_excess", "model"]

    assert m.value > 0.05
    assert verdict(m, warn=0.001, fail=0.01) == "FAIL"


# --- features ---------------------------------------------------------------------------------------------------------
def defects(**columns):
    X = frame(3000).assign(**columns)
    p = expit(truth(frame(3000)))
    grid = grid_of(X, p)
    return measure(feature_defects.CHECK, {Role.TRAIN: batch_of(X, np.zeros(3000), p, grid)}, grid)


def test_defects_are_found_where_they_are():
    rng = np.random.default_rng(1)
    found = defects(
        flat=1.0,
        nothing=np.full(3000, np.nan),
        coded=np.where(rng.random(3000) < 0.01, -999.0, rng.normal(50, 5, 3000)),
        weight=rng.lognormal(4, 0.2, 3000) * np.where(rng.random(3000) < 0.05, 1000.0, 1.0),
        area=rng.lognormal(4, 0.2, 3000) * np.where(rng.random(3000) < 0.05, 10.7639, 1.0),
        text=np.where(rng.random(3000) < 0.1, "12", "often").astype(object),
    )

    assert found["modal_share", "feature:flat"].value == 1.0
    assert found["all_missing", "feature:nothing"].value == 1.0
    assert 0.005 < found["placeholder_share", "feature:coded"].value < 0.02
    assert 0.03 < found["mixed_unit_share", "feature:weight"].value < 0.07
    assert (
        "times another (nearest known: 10.7639: square metres and square feet)"
        in found["mixed_unit_share", "feature:area"].note
    )
    assert 0.05 < found["mixed_type_share", "feature:text"].value < 0.15
    assert found["all_missing", "feature:flat"].value == 0.0


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_a_rare_flag_that_tells_something_is_not_dead_and_one_that_tells_nothing_is(task):
    rng = np.random.default_rng(7)
    flag = np.arange(4000) % 160 == 0
    y = rng.normal(size=4000) + 3 * flag
    even = np.argsort(np.argsort(y)) % 160 == 80  # as often with any outcome
    X = frame(4000).assign(flag=flag * 1.0, idle=even * 1.0, flat=1.0)
    labels = y if task.type == "regression" else (y > 1.5).astype(float) + (task.type == "multiclass") * (y > 3)
    p = np.full((4000, task.n_scores), 1 / task.n_scores if task.n_scores > 1 else 0.5)
    grid = grid_of(X, *p.T, task=task, y=labels)
    found = measure(feature_defects.CHECK, {Role.TRAIN: batch_of(X, labels, p, grid)}, grid, task)

    assert found["modal_share_telling", "feature:flag"].value == found["modal_share", "feature:idle"].value == 0.99375
    assert "the outcomes of the others differ" in found["modal_share_telling", "feature:flag"].note
    assert found["modal_share", "feature:flat"].value == 1.0


@pytest.mark.parametrize("heavy", [0.3, 1.7, 1000.25])
def test_a_feature_without_any_value_is_found_whatever_its_rows_weigh(heavy):
    X = frame(3000).assign(nothing=np.nan, flat=0.0)
    p = expit(truth(frame(3000)))
    grid = grid_of(X, p)
    batch = batch_of(X, np.zeros(3000), p, grid, weight=np.where(np.arange(3000) % 7 == 0, heavy, 0.1))
    found = measure(feature_defects.CHECK, {Role.TRAIN: batch}, grid)

    assert found["all_missing", "feature:nothing"].value == 1.0
    assert found["modal_share", "feature:flat"].value == 1.0
    assert {m.n for (k, f), m in found.items() if k in ("all_missing", "modal_share")} == {3000}


def test_a_number_that_is_everywhere_is_named_by_itself():
    assert defects(flat=0.0)["modal_share", "feature:flat"].note == "train: 100.00% of rows are 0"


def test_a_date_that_is_everywhere_is_named_by_itself():
    assert (
        "train: 100.00% of rows are 2024-02-01"
        in defects(month=pd.Timestamp("2024-02-01"))["modal_share", "feature:month"].note
    )


def test_sound_features_have_none():
    found = defects()

    assert (
        max(
            m.value
            for (k, _), m in found.items()
            if k.endswith(("_missing", "holder_share", "unit_share", "type_share"))
        )
        == 0
    )
    assert max(m.value for (k, _), m in found.items() if k == "modal_share") < 0.6


# --- keys, maturity, redundancy ---------------------------------------------------------------------------------------
def rows(n=1000):
    X, y, p = sound(n)
    grid = grid_of(X, p)
    return batch_of(X, y, p, grid), grid


def test_one_repeated_key_fails_and_none_passes_with_a_bound():
    test, grid = rows()
    key = test.key.copy()
    assert (
        verdict(
            measure(repeated_keys.CHECK, {Role.TEST: test}, grid)["repeated_keys", "rows:test"], warn=None, fail=0.0
        )
        == "PASS"
    )
    key[3] = key[7]
    m = measure(repeated_keys.CHECK, {Role.TEST: replace(test, key=key)}, grid)["repeated_keys", "rows:test"]
    assert m.value == 2 / 1000
    assert verdict(m, warn=None, fail=0.0) == "FAIL"


def few_values(n, seed, again=0.0, values=30_000):
    """Rows of a population of few values, so that they repeat by nature; a part of them comes a second time under new keys."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, values, n)
    X = pd.DataFrame({"income": number // 20, "age": number % 20, "sex": "f", "region": "a"})
    X = pd.concat([X, X.sample(frac=again, random_state=seed)], ignore_index=True)
    grid = grid_of(X, np.linspace(0, 1, len(X)))
    return batch_of(X, X["age"] % 2, np.full(len(X), 0.5), grid), grid


def repeat_excess(seed, again, values, sizes=(900, 2500)):
    (train, grid), (other, _) = (
        few_values(sizes[0], seed, values=values),
        few_values(sizes[1], seed + 500, again, values),
    )
    roles = {
        Role.TEST: train,
        Role.TRAIN: train,
        Role.PRODUCTION: other,
        Role.SERVING: replace(other, y=other.y * np.nan),
    }
    return measure(repeated_keys.CHECK, roles, grid, declared=())


@pytest.mark.parametrize("values", [30_000, 10**6])
@pytest.mark.parametrize("sizes", [(900, 2500), (2500, 900)])
def test_rows_under_new_keys_are_counted_beyond_what_train_repeats_among_equally_many(values, sizes):
    quiet = [repeat_excess(seed, 0.0, values, sizes)["repeat_excess", "rows:production"] for seed in range(40)]
    planted = [repeat_excess(seed, 0.15, values, sizes) for seed in range(5)]

    # 5 % at each end; 7 of 40 or more come by chance once in 200
    assert sum(verdict(m, warn=0.01, fail=None) == "WARN" for m in quiet) < 7
    for role in ("production", "serving"):
        found = [p["repeat_excess", f"rows:{role}"] for p in planted]
        assert all(verdict(m, warn=0.01, fail=None) == "WARN" for m in found)
    if values == 10**6:
        assert np.mean([p["repeat_excess", "rows:production"].value for p in planted]) == pytest.approx(0.26, abs=0.03)


def test_parties_of_equal_rows_on_one_day_are_no_second_load():
    def parties(n, seed):
        batch, grid = few_values(n, seed, values=10**6)
        where = np.repeat(np.arange(n), np.where(np.arange(n) % 20 == 0, 5, 1))
        return take(batch, where), grid

    (train, grid), (test, _) = parties(3000, 1), parties(600, 2)
    found = measure(repeated_keys.CHECK, {Role.TRAIN: train, Role.TEST: test}, grid, declared=())

    assert repeated_keys.repeated(test.key).mean() > 0.2
    assert found["repeat_excess", "rows:test"].value == pytest.approx(0, abs=0.02)


def test_a_train_that_was_loaded_twice_is_seen_by_test():
    (train, grid), (test, _) = few_values(2000, 1, 1.0, 10**9), few_values(700, 2, values=10**9)
    found = measure(repeated_keys.CHECK, {Role.TRAIN: train, Role.TEST: test}, grid, declared=())

    assert found["repeat_excess", "rows:train"].value == pytest.approx(1.0, abs=0.01)
    assert found["repeat_excess", "rows:test"].value == 0
    assert found["repeat_excess", "rows:test"].high == pytest.approx(3 / 700, rel=0.01)


def test_immature_outcomes_are_counted_and_an_undeclared_role_is_undefined():
    test, grid = rows()
    early = np.arange(1000) < 80
    roles = {Role.TEST: replace(test, immature=early), Role.TRAIN: test}
    found = measure(label_maturity.CHECK, roles, grid)

    assert found["immature_share", "rows:test"].value == 0.08
    assert verdict(found["immature_share", "rows:test"], warn=0.0, fail=0.05) == "FAIL"
    assert found["quality_mature_rows", "model"].n == 920
    assert found["immature_share", "rows:train"].value is None


@pytest.mark.parametrize(("noise", "low", "high"), [(0.0, 0.999, 1.0), (1.0, 0.5, 0.9)])
def test_the_nearest_relative_is_named(noise, low, high):
    X, y, p = sound(1000)
    X = X.assign(twin=X["age"] * 2 + np.random.default_rng(0).normal(0, 40 * noise + 1e-9, 1000))
    grid = grid_of(X, p)
    m = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)[
        "nearest_relative", "feature:twin"
    ]

    assert low <= m.value <= high
    assert m.note == "with age"


def test_what_several_features_give_together_inflates_though_none_alone_is_a_twin():
    X, y, p = sound(2000)
    rng = np.random.default_rng(1)
    parts = {f"part{i}": rng.normal(size=2000) for i in range(6)}
    X = X.assign(**parts, total=sum(parts.values()))
    grid = grid_of(X, p)
    found = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)

    assert found["nearest_relative", "feature:total"].value < 0.6
    assert found["variance_inflation", "feature:total"].value > 10
    assert found["variance_inflation", "feature:age"].value < 1.2
    assert "of it" in found["variance_inflation", "feature:total"].note


def test_one_feature_of_numbers_has_no_relative_and_says_so():
    X, y, p = sound(500)
    X = X[["age"]]
    grid = grid_of(X, p)
    found = measure(redundant_features.CHECK, {Role.TRAIN: batch_of(X, y, p, grid)}, grid)

    assert found["nearest_relative", "model"].note == "fewer than two features of numbers"


# --- habits -----------------------------------------------------------------------------------------------------------
def habits(**columns):
    test, _ = rows(2000)
    X = test.X.assign(**columns)
    grid = grid_of(X, np.full(2000, 0.5))
    day = np.datetime64("2024-01-01", "ns") + (np.arange(2000) // 20) * np.timedelta64(1, "D")
    batch = replace(batch_of(X, test.y, np.full(2000, 0.5), grid), time=day, key=np.arange(2000, dtype=np.uint64))
    return measure(feature_habits.CHECK, {Role.TEST: batch}, grid)


def test_a_feed_that_stopped_is_dated_and_one_that_lives_is_not():
    values = np.random.default_rng(0).normal(size=2000)
    found = habits(feed=np.where(np.arange(2000) >= 1400, 7.0, values))

    assert found["stale_days", "feature:feed"].value == pytest.approx(30, abs=1)
    assert {m.value for (k, s), m in found.items() if k == "stale_days" and s != "feature:feed"} == {0.0}


def test_a_feature_of_one_value_a_day_is_stale_when_it_stops_and_not_on_its_last_day():
    day = np.arange(2000) // 20
    rate = np.random.default_rng(1).normal(size=100)
    found = habits(rate=rate[day], stopped=rate[np.minimum(day, 60)])

    assert found["stale_days", "feature:rate"].value == 0
    assert found["stale_days", "feature:stopped"].value == 40


def test_heaps_and_far_values_are_counted_against_chance():
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 5000, 2000)
    heaped = np.where(rng.random(2000) < 0.5, plain // 10 * 10, plain)
    far = np.where(rng.random(2000) < 0.02, 1000.0, rng.normal(size=2000))
    found = habits(plain=plain, heaped=heaped, far=far)

    assert found["heaping_share", "feature:plain"].value < 0.03
    assert 0.4 < found["heaping_share", "feature:heaped"].value < 0.5
    assert 0.01 < found["outlier_share", "feature:far"].value < 0.03
    assert found["outlier_share", "feature:plain"].value == 0


def test_rows_recorded_twice_with_a_little_noise_are_near_duplicates():
    test, grid = rows(1000)
    rng = np.random.default_rng(0)
    X = test.X.assign(a=rng.normal(size=1000), b=rng.normal(size=1000))
    twice = X.iloc[np.r_[np.arange(1000), np.arange(100)]].reset_index(drop=True)
    twice.loc[1000:, "a"] += 0.0005
    grid = grid_of(twice, np.full(1100, 0.5))
    y = np.r_[test.y, test.y[:100]]
    shares = [
        measure(repeated_keys.CHECK, {Role.TEST: batch_of(Z, z, np.full(len(Z), 0.5), grid)}, grid)[
            "near_duplicates", "rows:test"
        ].value
        for Z, z in ((X, test.y), (twice, y))
    ]

    assert shares[0] < 0.02
    assert shares[1] == pytest.approx(200 / 1100, abs=0.03)


def by_month(flips, *, seed=20, n=4000, months=5, task=BINARY, moving=0.0):
    """Labels of the third month flipped at random, in a world whose odds move from month to month; what is measured of every month."""
    X, y, p = sound(n, seed=seed)
    rng = np.random.default_rng([seed, 3])
    month = rng.integers(0, months, n)
    when = (np.datetime64("2025-01") + month).astype("datetime64[D]") + rng.integers(0, 28, n)
    hit = (month == 2) & (rng.random(n) < flips)
    if moving:
        p = expit(truth(X) * np.exp(rng.normal(0, moving, months))[month])
        y = (rng.random(n) < p).astype(float)
    grid = grid_of(X, p)
    train = replace(batch_of(X, np.where(hit, 1 - y, y), p, grid), time=when.astype("datetime64[ns]"))
    return measure(label_noise_by_month.CHECK, {Role.TRAIN: train}, grid, task)


def test_a_month_with_worse_labels_stands_out_and_is_sized():
    found = by_month(0.3)
    bad = found.pop(("month_noise", "period:2025-03-01..2025-03-31"))

    assert bad.low > 0.08
    assert bad.value == pytest.approx(0.3, abs=0.15)
    assert len(found) == 4
    assert all(m.low < 0.03 for m in found.values())
    assert verdict(bad, **MONTH) == "WARN"
    assert all(verdict(m, **MONTH) != "WARN" for m in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("moving", [0.0, 0.5])
def test_no_month_stands_out_where_all_are_labelled_alike(moving):
    found = [m for seed in range(8) for m in by_month(0.0, seed=seed, n=2500, moving=moving).values()]

    assert len(found) == 40
    assert sum(m.low > 0 for m in found) <= 3
    assert sum(verdict(m, **MONTH) == "WARN" for m in found) <= 1


def test_of_one_month_or_without_rows_there_is_a_reason():
    assert "1 months" in by_month(0.0, n=1200, months=1)["month_noise", "model"].note
    assert by_month(0.0, n=600, months=5)["month_noise", "model"].value is None
