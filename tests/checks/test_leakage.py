"""LEK102 to LEK110: what knows the answer is found and named, sound splits are quiet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from validators.checks import (
    answers_inside,
    fitted_on_all,
    identifiers,
    late_values,
    shared_rows,
    side_channels,
    single_features,
    split,
    told_apart,
)
from validators.core.data import CANDIDATE, Role
from validators.core.records import Given

from .leakage_cases import TEST_P, TEST_X, TEST_Y, TRAIN_P, TRAIN_X, TRAIN_Y, measure, rekeyed, two
from .performance_cases import BINARY, REGRESSION, batch_of, frame, grid_of, multiclass, truth, verdict


# --- preprocessing ----------------------------------------------------------------------------------------------------
class Kept:
    """A model that keeps the mean income of some rows, its gaps filled, and their regions."""

    def __init__(self, rows):
        filled = rows["income"].fillna(20.0)
        self.parts = [
            {"class": "StandardScaler", "place": "scale", "columns": ["age", "income"], "fills": [None, 20.0],
             "numbers": {"mean_": [float(rows["age"].mean()), float(filled.mean())], "var_": [None, float(filled.var(ddof=0))],
                         "own": [1.0, 2.0]}, "levels": []},
            {"class": "OneHotEncoder", "place": "code", "columns": ["region"], "fills": None, "numbers": {},
             "levels": [sorted(rows["region"].unique())]},
        ]  # fmt: skip

    def fitted_statistics(self):
        return self.parts


def kept(rows, *, new_level=False):
    test_x = TEST_X.assign(region=TEST_X["region"].where(TEST_X.index > 5, "centre")) if new_level else TEST_X
    train, test, grid = two(TRAIN_X, test_x)
    return measure(fitted_on_all.CHECK, train, test, grid, model=Kept(rows(test_x)))


def test_statistics_of_train_and_test_together_fail_and_are_named():
    found = kept(lambda test_x: pd.concat([TRAIN_X, test_x]), new_level=True)

    assert found["fitted_on_all", "feature:income"].value == 2  # mean and variance
    assert "StandardScaler" in found["fitted_on_all", "feature:income"].note
    assert found["fitted_on_all", "feature:region"].value == 1
    assert found["fitted_on_all", "feature:age"].value == 1


@pytest.mark.parametrize("rows", [lambda _: TRAIN_X, lambda _: TRAIN_X.iloc[:2000]], ids=["train", "part of train"])
def test_statistics_of_train_pass(rows):
    found = kept(rows, new_level=True)

    assert {m.value for (k, _), m in found.items() if k == "fitted_on_all"} == {0.0}


def test_a_model_that_keeps_nothing_is_not_judged():
    train, test, grid = two()
    model = Kept(TRAIN_X)
    model.parts = []
    found = measure(fitted_on_all.CHECK, train, test, grid, model=model)

    assert list(found) == [("statistics_compared", "model")]


# --- late values ------------------------------------------------------------------------------------------------------
def late(share, days=40.0, **options):
    train, test, grid = two()
    rng = np.random.default_rng(3)

    def stamped(batch):
        held = np.where(rng.random(len(batch)) < share, days, -rng.uniform(1, 20, len(batch)))
        held[:10] = np.nan
        return replace(batch, lateness={"income": held})

    check = late_values.CHECK
    held = None if not options else replace(check.options, **options)
    return measure(check, stamped(train), stamped(test), grid, options=held)


def test_one_late_value_in_a_hundred_fails_and_is_dated():
    m = late(0.01)["late_share", "feature:income | rows:test"]

    assert verdict(m, warn=None, fail=0.0) == "FAIL"
    assert "up to 40 days" in m.note
    assert "up to 2 hours" in late(0.01, days=2 / 24)["late_share", "feature:income | rows:test"].note


def test_late_values_are_counted_in_the_reference_too():
    train, _, grid = two()
    rows = replace(train, lateness={"income": np.where(np.arange(len(train)) < 5, 40.0, -1.0)})
    kinds = late_values.CHECK.needs.summaries
    summaries = {(role, kind): kind.of(rows, grid) for role in (Role.TEST, Role.REFERENCE) for kind in kinds}
    given = Given(
        task=BINARY, grid=grid, options=late_values.CHECK.options, rng=np.random.default_rng(0), summaries=summaries
    )
    found = {(m.metric, m.subject): m for m in late_values.CHECK.measure(given)}

    assert found["late_share", "feature:income | rows:reference"].value == pytest.approx(5 / len(train))


def test_the_metric_is_given_without_late_rows_and_without_the_late_feature():
    found = late(0.3)

    assert found["quality_without_late", "model"].n < found["quality_all_rows", "model"].n
    assert found["quality_without", "feature:income"].value <= found["quality_refitted", "model"].value + 0.02
    assert ("quality_without", "feature:income") not in late(0.0)


def test_values_known_in_time_pass_unless_an_embargo_says_otherwise():
    assert verdict(late(0.0)["late_share", "feature:income | rows:train"], warn=None, fail=0.0) == "PASS"
    assert (
        verdict(late(0.0, embargo_days=30.0)["late_share", "feature:income | rows:train"], warn=None, fail=0.0)
        == "FAIL"
    )


def test_rows_without_a_time_are_listed_and_not_taken_for_early():
    found = late(0.0)

    assert found["unknown_time_share", "feature:income | rows:test"].value == pytest.approx(10 / 2000)
    assert found["late_share", "feature:income | rows:test"].n == 1990


# --- single features --------------------------------------------------------------------------------------------------
def alone(strength, task=BINARY):
    rng = np.random.default_rng(4)
    if task.type == "regression":
        ys = [truth(X) + rng.normal(0, 1, len(X)) for X in (TRAIN_X, TEST_X)]
    elif task.type == "multiclass":
        ys = [(TRAIN_Y + (TRAIN_X["region"] == "east")), (TEST_Y + (TEST_X["region"] == "east"))]
    else:
        ys = [TRAIN_Y, TEST_Y]
    train_x, test_x = (
        X.assign(code=np.asarray(y) * strength + rng.normal(size=len(X)))
        for X, y in zip((TRAIN_X, TEST_X), ys, strict=True)
    )
    scores = []
    for X, y in ((train_x, ys[0]), (test_x, ys[1])):
        if task.type == "regression":
            scores.append(np.asarray(y) + rng.normal(0, 0.3, len(X)))
        elif task.type == "multiclass":
            scores.append(np.eye(3)[np.asarray(y, int)] * 0.5 + rng.dirichlet(np.ones(3), len(X)) * 0.5)
        else:
            scores.append(expit(truth(X) + strength * (X["code"] - strength / 2)))
    columns = scores[1].T if task.type == "multiclass" else (scores[1],)
    grid = grid_of(train_x, *columns, task=task, y=ys[0] if task.type == "regression" else None)
    train, test = (batch_of(X, y, s, grid) for X, y, s in zip((train_x, test_x), ys, scores, strict=True))
    return measure(single_features.CHECK, train, test, grid, task)


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_a_copy_of_the_outcome_is_nearly_the_whole_lift(task):
    found = alone(8.0 if task.type != "regression" else 60.0, task)

    assert verdict(found["lift_share", "feature:code"], warn=0.9, fail=0.98) == "FAIL"
    assert verdict(found["lift_share", "feature:sex"], warn=0.9, fail=0.98) == "PASS"
    assert found["quality_without", "feature:code"].value < found["quality_refitted", "model"].value


def test_an_honest_feature_is_part_of_the_lift():
    found = alone(0.8)

    assert verdict(found["lift_share", "feature:code"], warn=0.9, fail=0.98) == "PASS"
    assert ("quality_without", "feature:code") not in found


def cells(leak=None, twins=1):
    """breast_cancer, where one feature alone has an area of .95 and all of them .99; or a few weak ones and copies of the outcome."""
    held = load_breast_cancer(as_frame=True)
    X, rng = held.data if leak is None else held.data.iloc[:, [9, 11, 14, 18]], np.random.default_rng(0)
    y = held.target.to_numpy(float)
    for k in range(twins if leak is not None else 0):
        X = X.assign(**{f"leak{k}": np.where(rng.random(len(y)) < leak, rng.integers(0, 2, len(y)), y)})
    order = rng.permutation(len(y))
    mine, other = order[:340], order[340:]
    p = LogisticRegression(max_iter=5000).fit(X.iloc[mine], y[mine]).predict_proba(X.iloc[other])[:, 1]
    grid = grid_of(X.iloc[mine].reset_index(drop=True), p)
    train, test = (
        batch_of(X.iloc[k].reset_index(drop=True), y[k], s, grid) for k, s in ((mine, np.zeros(340)), (other, p))
    )
    return measure(single_features.CHECK, train, test, grid)


def test_a_strong_feature_that_the_weaker_ones_beat_together_is_information():
    found = cells()
    matched = [m for (metric, _), m in found.items() if metric == "lift_share_matched"]

    assert max(m.value for m in matched) > 0.9
    assert "the weaker features reach 0.9" in matched[0].note
    for (metric, _), m in found.items():
        assert metric != "lift_share" or verdict(m, warn=0.9, fail=0.98) != "WARN"


def test_a_leak_is_not_excused_by_honest_features_that_it_adds_to():
    """Many honest features reach together what the leak reaches alone, and with it much more: it knows what they do not."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 3000).astype(float)
    honest = {f"x{k}": 0.95 * y + rng.normal(size=3000) for k in range(8)}
    X = pd.DataFrame(honest | {"points": rng.poisson(np.where(y == 1, 9, 3))})
    train, test, grid = _halves(X, y)
    found = measure(single_features.CHECK, train, test, grid)

    assert verdict(found["lift_share", "feature:points"], warn=0.9, fail=0.98) in ("WARN", "FAIL")


def test_three_positives_do_not_tell_a_leak():
    y = np.zeros(2000)
    y[:1000:20], y[1000:1003] = 1, 1
    X = pd.DataFrame({"x": y + np.random.default_rng(0).normal(0, 0.1, 2000), "z": np.arange(2000) % 7})
    train, test, grid = _halves(X, y, half=1000)
    found = measure(single_features.CHECK, train, test, grid)

    assert found["lift_share", "model"].value is None
    assert "3 test rows of another class" in found["lift_share", "model"].note


def _halves(X, y, half=1500):
    grid = grid_of(X.iloc[:half], np.linspace(0, 1, 100))
    p = LogisticRegression(max_iter=500).fit(X.iloc[:half], y[:half]).predict_proba(X)[:, 1]
    parts = (slice(0, half), slice(half, None))
    return *(batch_of(X.iloc[s].reset_index(drop=True), y[s], p[s], grid) for s in parts), grid


def test_two_copies_of_the_outcome_do_not_excuse_each_other():
    found = cells(leak=0.04, twins=2)

    for k in (0, 1):
        assert verdict(found["lift_share", f"feature:leak{k}"], warn=0.9, fail=0.98) in ("WARN", "FAIL")


def test_a_weak_candidate_does_not_make_a_leak_of_an_honest_feature():
    train, test, grid = two(p=expit(truth(TEST_X.assign(age=50, income=22))))
    found = measure(single_features.CHECK, train, test, grid)

    # the candidate knows the region only, which alone is all of its own lift
    assert verdict(found["lift_share", "feature:region"], warn=0.9, fail=0.98) == "PASS"


def test_outcomes_that_nothing_predicts_leave_the_share_undefined():
    train, test, grid = two(p=np.random.default_rng(0).random(2000))
    train = replace(train, y=np.random.default_rng(1).permutation(train.y))
    m = measure(single_features.CHECK, train, test, grid)["lift_share", "feature:age"]

    assert m.value is None
    assert "is surer than a constant" in m.note


# --- identifiers ------------------------------------------------------------------------------------------------------
def numbered(order):
    """Serial numbers given out after sorting by the outcome, or at random."""
    held = []
    for X, y in ((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y)):
        rng = np.random.default_rng(5)
        rank = pd.Series(order * y + rng.normal(size=len(X))).rank(method="first").astype(int)
        held.append(X.assign(number=1_000_000 + 7 * rank))
    train, test, grid = two(*held)
    return measure(identifiers.CHECK, train, test, grid)


def test_numbers_given_out_in_the_order_of_the_outcome_fail():
    assert verdict(numbered(2.0)["identifier_lift", "feature:number"], warn=0.02, fail=0.05) == "FAIL"


def test_numbers_given_out_at_random_are_named_and_do_not_predict():
    found = numbered(0.0)

    assert found["identifiers", "model"].note == "number"
    assert abs(found["identifier_lift", "feature:number"].value) < 0.02


def test_amounts_and_ages_are_no_identifiers():
    rng = np.random.default_rng(6)
    held = [X.assign(amount=rng.lognormal(12, 1, len(X)).astype(int)) for X in (TRAIN_X, TEST_X)]
    train, test, grid = two(*held)

    assert measure(identifiers.CHECK, train, test, grid)["identifiers", "model"].value == 0


# --- split ------------------------------------------------------------------------------------------------------------
def dated(train_from, test_from, **options):
    train, test, grid = two()
    day = np.timedelta64(1, "D")
    start = np.datetime64("2024-01-01", "ns")
    train = replace(rekeyed(train, 1), time=start + train_from * day + np.arange(len(train)) % 100 * day)
    test = replace(test, time=start + test_from * day + np.arange(len(test)) % 50 * day)
    held = replace(split.CHECK.options, **options)
    return measure(split.CHECK, train, test, replace(grid, grouping="entity"), options=held)


def test_a_declared_time_split_that_overlaps_fails_and_an_undeclared_one_is_information():
    assert verdict(dated(0, 60, time_split=True)["broken_time_split", "model"], warn=None, fail=0.0) == "FAIL"
    assert verdict(dated(0, 100, time_split=True)["broken_time_split", "model"], warn=None, fail=0.0) == "PASS"
    found = dated(0, 60)
    assert ("broken_time_split", "model") not in found
    assert found["time_overlap", "model"].value == pytest.approx(39 / 50)


def test_shared_keys_and_entities_are_counted():
    train, test, grid = two()
    grid = replace(grid, grouping="entity")
    found = measure(split.CHECK, train, test, grid, options=split.Options(disjoint_entities=True))

    assert found["key_overlap", "model"].value == 1.0  # both batches number their rows alike
    assert found["broken_entity_split", "model"].value == 1.0
    other = measure(split.CHECK, replace(rekeyed(train, 1), unit=train.unit + np.uint64(1)), test, grid)
    assert (other["key_overlap", "model"].value, other["entity_overlap", "model"].value) == (0.0, 0.0)


def test_without_a_declared_key_none_is_compared():
    train, test, grid = two()

    assert ("key_overlap", "model") not in measure(split.CHECK, train, test, grid, declared=())


def test_no_rows_are_undefined_everywhere():
    grid = grid_of(TRAIN_X, TEST_P)
    none = batch_of(frame(0), [], np.zeros(0), grid)
    train = batch_of(TRAIN_X, TRAIN_Y, TRAIN_P, grid)

    assert measure(shared_rows.CHECK, train, none, grid)["overlap_excess", "model"].value is None
    assert measure(single_features.CHECK, train, none, grid)["lift_share", "model"].value is None
    assert measure(split.CHECK, train, none, grid)["key_overlap", "model"].value is None
    assert CANDIDATE in train.scores


# --- gaps, keys, copies of the outcome, train told from test ----------------------------------------------------------
def holed(share_when_positive, share_else):
    held = []
    for seed, (X, y) in enumerate(((TRAIN_X, TRAIN_Y), (TEST_X, TEST_Y))):
        gone = np.random.default_rng(seed).random(len(X)) < np.where(y == 1, share_when_positive, share_else)
        held.append(X.assign(closed=np.where(gone, np.nan, 1.0 + np.arange(len(X)) % 5)))
    return two(*held)


def test_a_field_that_is_empty_when_the_outcome_is_known_fails_and_is_left_out():
    found = measure(side_channels.CHECK, *holed(0.97, 0.02))

    assert verdict(found["missing_lift_share", "model"], warn=0.9, fail=0.98) == "FAIL"
    assert found["missing_lift", "feature:closed"].low > 0.3
    assert ("quality_without_gaps", "feature:closed") in found


def test_gaps_at_random_and_none_at_all_pass():
    found = measure(side_channels.CHECK, *holed(0.3, 0.3))
    assert verdict(found["missing_lift_share", "model"], warn=0.9, fail=0.98) == "PASS"
    whole = two(TRAIN_X.fillna({"income": 1.0}), TEST_X.fillna({"income": 1.0}))
    assert verdict(measure(side_channels.CHECK, *whole)["missing_lift_share", "model"], warn=0.9, fail=0.98) == "PASS"


def test_keys_given_out_after_sorting_and_a_telling_clock_are_reported():
    train, test, grid = two()

    def stamped(batch, seed):
        rng = np.random.default_rng(seed)
        order = pd.Series(batch.y + rng.normal(0, 0.5, len(batch))).rank().to_numpy()
        time = np.datetime64("2024-01-01", "ns") + rng.integers(0, 3000, len(batch)) * np.timedelta64(1, "s")
        return replace(batch, order=order, time=time)

    found = measure(side_channels.CHECK, stamped(train, 1), stamped(test, 2), grid)
    assert found["key_lift", "model"].low > 0.1
    assert abs(found["clock_lift", "model"].value) < 0.05
    assert verdict(found["time_order", "model"], warn=0.4, fail=None) == "PASS"


def ordered(task, how):
    """Keys and times of the test rows: at random, in the order of the outcome, or in a world whose outcomes drift."""
    rng = np.random.default_rng(7)
    y = TEST_Y + rng.normal(0, 0.1, len(TEST_Y)) if task.type == "regression" else TEST_Y
    if task.type == "multiclass":
        y = rng.integers(0, 3, len(y)).astype(float)
    X, n = TEST_X, len(TEST_Y)
    p = np.full((n, 3), 1 / 3) if task.type == "multiclass" else TEST_P
    grid = grid_of(TRAIN_X, *(p.T if p.ndim > 1 else (p,)), task=task, y=y)
    train, test = (
        batch_of(TRAIN_X, np.resize(y, len(TRAIN_X)), np.resize(p, (len(TRAIN_X), *p.shape[1:])), grid),
        batch_of(X, y, p, grid),
    )
    noise = {"random": 1e9, "sorted": 1e-9, "reversed": 1e-9, "drift": 2.5}[how]
    place = pd.Series((-y if how == "reversed" else y) + rng.normal(0, noise, n)).rank(method="first").to_numpy()
    time = np.datetime64("2024-01-01", "ns") + place.astype(int) * np.timedelta64(1, "h")
    return measure(side_channels.CHECK, train, replace(test, order=place, time=time), grid, task)


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
@pytest.mark.parametrize(
    ("how", "says"), [("sorted", "WARN"), ("reversed", "WARN"), ("drift", "PASS"), ("random", "PASS")]
)
def test_a_clock_and_keys_in_the_order_of_the_outcome_are_told_and_a_drift_is_not(task, how, says):
    found = ordered(task, how)

    assert {verdict(found[m, "model"], warn=0.4, fail=None) for m in ("key_order", "time_order")} == {says}


@pytest.mark.parametrize("task", [BINARY, REGRESSION, multiclass("a", "b", "c")], ids=lambda t: t.type)
def test_the_outcome_under_another_name_fails_and_a_strong_feature_does_not(task):
    rng = np.random.default_rng(0)
    y = rng.normal(size=3000) if task.type == "regression" else rng.integers(0, len(task.classes), 3000)
    copy = 3 - 2 * y if task.type == "regression" else np.array(["x", "y", "z"], object)[y]
    strong = y + rng.normal(0, 0.01, 3000) if task.type == "regression" else np.where(rng.random(3000) < 0.01, 9, y)
    X = TRAIN_X.assign(copy=copy, strong=strong)
    p = np.full(3000, 0.5)
    grid = grid_of(X, *([p] * task.n_scores), task=task, y=y)
    train = batch_of(X, y, np.column_stack([p] * task.n_scores), grid)
    found = measure(answers_inside.CHECK, train, train, grid, task)

    assert {s: m.value for (k, s), m in found.items() if k == "copies_outcome"} == {
        f"feature:{f}": float(f == "copy") for f in X
    }


def test_a_pure_value_is_named_with_its_bound():
    X = TRAIN_X.assign(code=np.where((np.arange(3000) < 400) & (TRAIN_Y == 1), "closed", "open").astype(object))
    train, test, grid = two(X, TEST_X.assign(code="open"))
    found = measure(answers_inside.CHECK, train, test, grid)

    assert "closed" in found["pure_share", "feature:code"].note
    assert found["pure_share", "feature:region"].value == 0


def test_a_column_made_per_file_tells_train_from_test():
    plain, made = (
        measure(told_apart.CHECK, *two(TRAIN_X.assign(batch=0.0), TEST_X.assign(batch=v)))["told_apart", "model"]
        for v in (0.0, 1.0)
    )

    assert plain.low < 0.5 < plain.high
    assert made.low > 0.95


@pytest.mark.parametrize(("shift", "told"), [(0.0, False), (1.5, True)])
def test_rows_of_a_later_time_are_told_from_train_where_the_world_has_moved(shift, told):
    later = TEST_X.assign(age=TEST_X.age + 20 * shift)
    train, test, grid = two(TRAIN_X, TEST_X)
    batches = {Role.TRAIN: train, Role.TEST: test, Role.PRODUCTION: batch_of(later, TEST_Y, TEST_P, grid)}
    given = Given(
        task=BINARY, grid=grid, options=told_apart.CHECK.options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in batches.items() for kind in told_apart.CHECK.needs.summaries},
    )  # fmt: skip
    found = {m.subject: m for m in told_apart.CHECK.measure(given)}

    assert set(found) == {"model", "rows:production"}
    assert (found["rows:production"].low > 0.6) == told
    assert told or found["rows:production"].high < 0.58
