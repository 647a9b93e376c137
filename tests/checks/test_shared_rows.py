"""LEK101, LEK106: rows of train in test, as they are or with a little noise, are found; what repeats by itself is no leak."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from validators.checks import (
    near_copies,
    shared_rows,
)
from validators.core.data import Role
from validators.core.records import Given
from validators.summaries.identities import content_hash
from validators.summaries.row_sample import RowSampleKind, take

from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_X, TRAIN_Y, continuous, measure, two
from .performance_cases import BINARY, batch_of, given_rows, grid_of, measured, truth, verdict

TIMES = pd.Series(np.array(["2024-01-31T09:30", "NaT", "9999-12-31"], "datetime64[us]"))
NUMBERS = pd.Series([0.1 + 0.2, -7.0, 1e-5, np.nan])


# --- rows in both -----------------------------------------------------------------------------------------------------
def shares(copied):
    train_x, test_x = continuous(TRAIN_X, 1), continuous(TEST_X, 2)
    train_x = pd.concat([train_x, test_x.iloc[:copied]], ignore_index=True)
    grid = grid_of(train_x, TEST_P)
    y = np.concatenate([TRAIN_Y, TEST_Y[:copied]])
    train = batch_of(train_x, y, expit(truth(train_x)), grid)
    return measure(shared_rows.CHECK, train, batch_of(test_x, TEST_Y, TEST_P, grid), grid)


def test_copied_rows_are_counted_exactly_and_fail():
    found = shares(60)

    assert found["overlap", "model"].value == 60 / 2000
    assert found["overlap_with_outcome", "model"].value == 60 / 2000
    assert verdict(found["overlap_excess", "model"], warn=0.001, fail=0.01) == "FAIL"
    assert found["quality_without_shared", "model"].n == 1940


@pytest.mark.parametrize(("copied", "seen"), [(0, "PASS"), (60, "FAIL")])
def test_parties_that_book_alike_on_one_day_hide_no_copies_from_other_days(copied, seen):
    """A fifth of train repeated inside its days, test was of later ones: 60 copied rows passed."""

    def days(X, first):
        held = X.iloc[np.repeat(np.arange(len(X)), 1 + (np.arange(len(X)) % 5 == 0))].reset_index(drop=True)
        return held, (first + np.arange(len(held)) // 24).astype(np.uint64)

    rng = np.random.default_rng(0)
    fine = [X.assign(income=rng.normal(size=len(X))) for X in (TRAIN_X, TEST_X)]
    (train_x, train_day), (test_x, test_day) = days(fine[0], 0), days(fine[1], 1000)
    at = rng.permutation(len(train_x))[:copied]
    test_x, test_day = (
        pd.concat([test_x, train_x.iloc[at]], ignore_index=True),
        np.append(test_day, test_day[at % 2400]),
    )
    grid = replace(grid_of(train_x, np.linspace(0, 1, 100)), grouping="day")
    train, test = (
        batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid, unit=day)
        for X, day in ((train_x, train_day), (test_x, test_day))
    )
    found = measure(shared_rows.CHECK, train, test, grid)

    assert verdict(found["overlap_excess", "model"], warn=0.001, fail=0.01) == seen
    assert found["repeats_in_train", "model"].value > 0.15
    assert copied == 0 or "0.00% of the training rows repeat" in found["overlap_excess", "model"].note


def test_disjoint_rows_pass_with_the_bound_of_what_was_not_seen():
    m = shares(0)["overlap_excess", "model"]

    assert (m.value, m.low) == (0.0, None)
    assert m.high == pytest.approx(3 / 2000, rel=0.01)
    assert verdict(m, warn=0.001, fail=0.01) == "PASS"


@pytest.mark.parametrize(("copied", "seen"), [(0, "PASS"), (400, "FAIL")])
def test_where_a_part_of_train_was_read_copies_count_for_what_was_not(copied, seen):
    """A fifth of train is read, so a fifth of the copies is found."""
    train_x, test_x = continuous(TRAIN_X, 1), continuous(TEST_X, 2)
    grid = grid_of(train_x, TEST_P)
    test_x = pd.concat([train_x.head(copied), test_x.iloc[copied:]], ignore_index=True)
    train, test = (batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid) for X in (train_x, test_x))
    read = take(train, np.argsort(train.key)[:600])
    given = given_rows(shared_rows.CHECK, {Role.TRAIN: read, Role.TEST: test}, grid, rows=600)
    m = measured(shared_rows.CHECK, given)["overlap_excess", "model"]

    assert m.value == pytest.approx(copied / 2000, abs=0.05)
    assert m.high > 3 / 500 * 0.99
    assert m.size == pytest.approx(400, rel=0.1)
    assert verdict(m, warn=0.001, fail=0.01) == seen


@pytest.mark.parametrize("keyed", [True, False])
def test_copies_that_keep_their_key_are_all_seen_where_both_roles_were_read_to_one_hash(keyed):
    """With a key of their own, a fifth of the twins is in the fifth of train that was read."""
    train_x, test_x = (continuous(TRAIN_X, seed) for seed in (1, 2))
    test_x = pd.concat([train_x.head(300), test_x.iloc[300:]], ignore_index=True)
    grid = grid_of(train_x, TEST_P)
    train, test = (batch_of(X, np.zeros(3000), np.full(3000, 0.5), grid) for X in (train_x, test_x))
    own = test.key * np.uint64(0x9E3779B97F4A7C15)  # odd, so a permutation of all hashes
    roles = {Role.TRAIN: train, Role.TEST: replace(test, key=test.key if keyed else own)}
    read = {role: take(b, np.argsort(b.key)[:600]) for role, b in roles.items()}
    m = measured(shared_rows.CHECK, given_rows(shared_rows.CHECK, read, grid, rows=600))["overlap_excess", "model"]

    assert m.value == pytest.approx(0.1, abs=0.03 if keyed else 0.1)
    assert m.low < 0.1 < m.high < (0.25 if keyed else 0.3)
    assert m.size == pytest.approx(600 if keyed else 120, rel=0.1)


@pytest.mark.parametrize(
    ("column", "same"),
    [
        (TIMES, TIMES.astype("datetime64[s]")),
        (TIMES, TIMES.dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")),
        (NUMBERS, NUMBERS.astype(str).where(NUMBERS.notna(), None)),
        (NUMBERS, NUMBERS.astype(object)),
        (pd.Series([1.0, 2.0, 2.0]), pd.Series(["1", "2.0", "2.00"])),
    ],
    ids=["another unit", "another zone", "numbers as text", "numbers as objects", "spelt in other ways"],
)
def test_rows_are_the_same_in_any_type_that_holds_them(column, same):
    (one, other) = (content_hash(pd.DataFrame({"x": held})) for held in (column, same))

    np.testing.assert_array_equal(one, other)
    assert len(np.unique(one[:, 0])) == column.nunique(dropna=False)


def test_text_that_no_number_spells_that_way_stays_text():
    held = pd.Series(["7", "007", "12345678901234567", "12345678901234568", "1e", "-", None])

    assert len(np.unique(content_hash(pd.DataFrame({"x": held}))[:, 0])) == len(held)


def test_what_coarse_rows_repeat_by_themselves_is_no_leak_but_hides_one():
    def coarse(X):
        return X[["region", "sex"]].assign(age=X["age"] // 20, income=1.0)

    train, test, grid = two(coarse(TRAIN_X), coarse(TEST_X))
    found = measure(shared_rows.CHECK, train, test, grid)

    assert found["overlap", "model"].value > 0.95
    excess = found["overlap_excess", "model"]
    assert excess.low < 0 < excess.high
    assert verdict(excess, warn=0.001, fail=0.01) == "INCONCLUSIVE"


def sometimes_coarse(n, seed, part=0.1):
    """Rows of which a part holds few values, and so repeats by itself; the others do not."""
    rng = np.random.default_rng(seed)
    coarse = rng.random(n) < part
    return pd.DataFrame(
        {
            "income": np.where(coarse, 0.0, rng.normal(size=n).round(3)),
            "age": np.where(coarse, rng.integers(20, 60, n), rng.integers(20, 80, n)),
            "region": pd.Series(rng.choice(list("abcd"), n)),
            "sex": pd.Series(rng.choice(["f", "m"], n)),
        }
    )


def excess_of(copied, seed, *, n=3000, sample=None):
    train_x, test_x = sometimes_coarse(n, seed), sometimes_coarse(n, seed + 1000)
    train_x = pd.concat([train_x, test_x.sample(copied, random_state=seed)], ignore_index=True)
    grid = grid_of(train_x, np.linspace(0, 1, n))
    batches = {
        Role.TRAIN: batch_of(train_x, np.zeros(len(train_x)), np.full(len(train_x), 0.5), grid),
        Role.TEST: batch_of(test_x, np.zeros(n), np.full(n, 0.5), grid),
    }
    kinds = {shared_rows.ROWS: shared_rows.ROWS, shared_rows.SAMPLE: RowSampleKind(sample or 20_000)}
    given = Given(
        task=BINARY, grid=grid, options=None, rng=np.random.default_rng(0),
        summaries={(role, kind): made.of(b, grid) for role, b in batches.items() for kind, made in kinds.items()},
    )  # fmt: skip
    return next(m for m in shared_rows.CHECK.measure(given) if m.metric == "overlap_excess")


def test_copies_are_seen_among_rows_that_hardly_repeat_where_others_do():
    quiet, planted = excess_of(0, 3), excess_of(45, 3)

    # a plain count of the same rows: .07 +- .015
    assert (quiet.high - quiet.low) / 2 < 0.0035
    assert verdict(quiet, warn=0.001, fail=0.01) in ("PASS", "INCONCLUSIVE")
    assert verdict(planted, warn=0.001, fail=0.01) == "FAIL"
    assert planted.value == pytest.approx(0.015, abs=0.004)


@pytest.mark.slow
def test_one_sided_bounds_of_the_excess_hold():
    found = [excess_of(0, seed, n=1500) for seed in range(100)]

    # 2 % on either side; 7 of 100 or more come by chance once in 200
    assert sum(m.high < 0 for m in found) < 7
    assert sum(m.low > 0 for m in found) < 7


def test_a_role_larger_than_its_sample_is_counted_in_full_where_that_is_more_exact():
    found = excess_of(45, 3, sample=40)

    assert found.note.endswith("by themselves")
    assert found.low < 0.015 < found.high


def of_few_values(copied, seed, *, rows=(2800, 700), values=10**6, cleaned=False):
    """Verdict on test rows of a discrete population, some of them copied from train, which may be cleaned of its repeats."""
    rng = np.random.default_rng(seed)

    def drawn(n):
        number = rng.integers(0, values, n)
        X = pd.DataFrame({"age": number % 100, "income": number // 100})
        return X.assign(region="a", sex="f")

    train_x, test_x = drawn(rows[0]), drawn(rows[1])
    if cleaned:
        train_x = train_x.drop_duplicates(ignore_index=True)
    test_x = pd.concat([test_x.iloc[copied:], train_x.sample(copied, random_state=seed)], ignore_index=True)
    grid = grid_of(train_x, np.linspace(0, 1, rows[1]))
    train, test = (batch_of(X, np.zeros(len(X)), np.full(len(X), 0.5), grid) for X in (train_x, test_x))
    found = measure(shared_rows.CHECK, train, test, grid)
    return found, verdict(found["overlap_excess", "model"], warn=0.001, fail=0.01)


def test_one_equal_row_may_come_by_chance_where_no_training_row_repeats():
    found, says = of_few_values(1, 0, values=10**12)

    assert (found["overlap", "model"].value, found["repeats_in_train", "model"].value) == (1 / 700, 0)
    assert found["overlap_excess", "model"].low < 0
    assert says == "INCONCLUSIVE"
    assert of_few_values(1, 0, rows=(2800, 1400), values=10**12)[1] == "PASS"  # no more can be copied than are equal


@pytest.mark.parametrize("cleaned", [False, True])
def test_chance_equals_are_no_alarm_and_a_copied_fiftieth_is_one(cleaned):
    quiet = [of_few_values(0, seed, rows=(2000, 1500), cleaned=cleaned)[1] for seed in range(40)]
    planted = [of_few_values(30, seed, rows=(2000, 1500), cleaned=cleaned)[1] for seed in range(10)]

    # 5 % at each end; 7 of 40 or more come by chance once in 200
    assert sum(v in ("WARN", "FAIL") for v in quiet) < 7
    assert planted.count("FAIL") >= 8


def test_types_do_not_hide_a_shared_row():
    train_x = continuous(TRAIN_X, 1).assign(age=TRAIN_X["age"].astype("float32"))
    test_x = pd.concat([train_x.iloc[:2000].assign(age=TRAIN_X["age"].iloc[:2000].astype("int64"))])
    train, test, grid = two(train_x, test_x)

    assert measure(shared_rows.CHECK, train, test, grid)["overlap", "model"].value == 1.0


# --- near copies ------------------------------------------------------------------------------------------------------
def near(copied, jitter, seed=1, n=2000):
    rng = np.random.default_rng(seed)
    train_x, test_x = (
        continuous(X, seed + k).assign(debt=np.random.default_rng(seed + k + 5).lognormal(size=len(X)))
        for k, X in enumerate((TRAIN_X, TEST_X.iloc[:n]))
    )
    copies = test_x.iloc[:copied]
    copies = copies.assign(**{c: copies[c] + rng.normal(0, jitter, copied) for c in ("income", "debt")})
    train_x = pd.concat([train_x, copies], ignore_index=True)
    grid = grid_of(train_x, TEST_P)
    y = np.concatenate([TRAIN_Y, TEST_Y[:copied]])
    train = batch_of(train_x, y, expit(truth(train_x)), grid)
    return measure(near_copies.CHECK, train, batch_of(test_x, TEST_Y[:n], TEST_P[:n], grid), grid)


@pytest.mark.parametrize(("copied", "expected"), [(100, ("WARN", "FAIL")), (300, ("FAIL",))])
def test_copies_with_a_little_noise_are_found(copied, expected):
    found = near(copied, 0.002)

    assert verdict(found["near_copy_excess", "model"], warn=0.005, fail=0.02) in expected
    assert found["quality_without_near", "model"].n < 2000 - copied / 2


@pytest.mark.parametrize("seed", range(4))
def test_rows_that_only_resemble_each_other_pass(seed):
    assert verdict(near(0, 0.0, seed)["near_copy_excess", "model"], warn=0.005, fail=0.02) != "FAIL"


def test_copies_at_twice_the_limit_pass_among_a_thousand_rows_no_more_often_than_the_interval_says():
    found = [near(10, 0.002, seed, n=1000)["near_copy_excess", "model"] for seed in range(10)]

    assert all(m.low < m.value < m.high for m in found)
    # one-sided 5 % of 10: 99.99 % of binomials are at most 4
    assert sum(verdict(m, warn=0.005, fail=0.02) == "PASS" for m in found) <= 4
    assert sum(verdict(m, warn=0.005, fail=0.02) == "INCONCLUSIVE" for m in found) >= 1


def test_equal_rows_are_no_near_copies():
    assert near(400, 0.0)["near_copy_excess", "model"].value == pytest.approx(
        near(0, 0.0)["near_copy_excess", "model"].value, abs=0.02
    )
