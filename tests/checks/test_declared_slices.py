"""PRF201."""

import numpy as np
import pytest
from sklearn import metrics as skm

from validators.checks.declared_slices import CHECK

from .performance_cases import REGRESSION, batch_of, frame, grid_of, measure, same, shuffled, sound, truth, verdict

X, Y, P = sound(4000)
INSIDE = ((X["region"] == "east") & (X["sex"] == "male")).to_numpy()
OLD = (X["age"] >= 60).to_numpy()
NONE = np.zeros(len(X), bool)
SLICES = {
    "weak": ("region==east & sex==male", INSIDE),
    "old": ("age>=60", OLD),
    "nobody": ("age>200", NONE),
    "one": ("age==18 & income>1000", np.arange(len(X)) == 3),
}
WEAK, OLD_ONES, NOBODY, ONE = (f"slice:{text}" for text, _ in SLICES.values())
RNG = np.random.default_rng(1)
FLIPPED = np.where(INSIDE & (RNG.random(len(X)) < 0.5), 1 - Y, Y)


def run(y, p=P, **held):
    grid = grid_of(X, p, slices=SLICES)
    return measure(CHECK, batch_of(X, y, p, grid, slices=SLICES, **held), grid)


def test_a_slice_with_flipped_outcomes_fails_and_the_clean_ones_do_not():
    found, clean = run(FLIPPED), run(Y)
    limits = {"warn": 0.25, "fail": 0.75}
    assert verdict(found["slice_excess_loss", WEAK], **limits) in ("WARN", "FAIL")
    assert found["slice_excess_loss", WEAK].low > 0
    assert verdict(found["slice_excess_loss", OLD_ONES], **limits) != "FAIL"  # some of the old are in the weak slice
    assert verdict(clean["slice_excess_loss", WEAK], **limits) == "PASS"


def test_a_slice_that_is_merely_hard_has_no_excess():
    """Where nobody could know the outcome, the loss is high and expected to be."""
    p = np.where(OLD, 0.5, P)
    y = np.where(OLD, RNG.random(len(X)) < 0.5, Y == 1).astype(float)
    found = run(y, p)
    assert found["slice_loss", OLD_ONES].value > 0.69
    assert abs(found["slice_excess_loss", OLD_ONES].value) < 0.01


def test_values_agree_with_another_route():
    found = run(FLIPPED)
    entropy = -(P * np.log(P) + (1 - P) * np.log(1 - P))
    loss = skm.log_loss(FLIPPED[INSIDE], P[INSIDE])
    excess = (loss - entropy[INSIDE].mean()) / skm.log_loss(FLIPPED, P)
    gap = skm.roc_auc_score(FLIPPED, P) - skm.roc_auc_score(FLIPPED[INSIDE], P[INSIDE])
    assert found["slice_loss", WEAK].value == pytest.approx(loss, abs=1e-6)
    assert found["slice_excess_loss", WEAK].value == pytest.approx(excess, abs=1e-6)
    assert found["slice_calibration", WEAK].value == pytest.approx((FLIPPED - P)[INSIDE].mean(), abs=1e-6)
    assert found["slice_auc_gap", WEAK].value == pytest.approx(gap, abs=0.005)  # coarse score bins
    assert found["slice_excess_loss", WEAK].size == pytest.approx(1000 * INSIDE.mean())


def test_large_values_are_not_taken_for_a_weak_slice_in_a_regression():
    """Errors that grow with the prediction: by level the slice of large values is as expected."""
    f = np.exp(truth(X) / 2)
    y = f * (1 + RNG.normal(0, 0.3, len(X)))
    grid = grid_of(X, f, task=REGRESSION, y=y, slices=SLICES)
    clean = measure(CHECK, batch_of(X, y, f, grid, slices=SLICES), grid, REGRESSION)
    wrong = y + np.where(INSIDE, 2.5 * f * RNG.choice([-1, 1], len(X)), 0)
    found = measure(CHECK, batch_of(X, wrong, f, grid, slices=SLICES), grid, REGRESSION)
    assert clean["slice_loss", OLD_ONES].value > 1.5 * ((f - y) ** 2).mean()
    assert verdict(clean["slice_excess_loss", OLD_ONES], warn=0.5, fail=1.5) == "PASS"
    assert found["slice_excess_loss", WEAK].low > 1


def test_a_slice_that_is_as_noisy_in_train_is_not_weak_in_a_regression():
    there, rng = frame(6000, 9), np.random.default_rng(3)
    noisy = lambda of: np.where((of["region"] == "east") & (of["sex"] == "male"), 3.0, 1.0)  # noqa: E731
    f, g = truth(X), truth(there)
    y, seen = f + noisy(X) * rng.normal(size=len(X)), g + noisy(there) * rng.normal(size=len(there))
    grid = grid_of(X, f, task=REGRESSION, y=y, slices=SLICES)

    def excess(y, **train):
        found = measure(CHECK, batch_of(X, y, f, grid, slices=SLICES), grid, REGRESSION, **train)
        return found["slice_excess_loss", WEAK]

    none = {label: (text, np.zeros(len(there), bool)) for label, (text, _) in SLICES.items()}
    train = batch_of(there, seen, g, grid, slices=none)
    assert excess(y).low > 1
    assert verdict(excess(y, train=train), warn=0.5, fail=1.5) == "PASS"
    assert excess(f + 2 * (y - f), train=train).value == pytest.approx(excess(y, train=train).value, abs=0.05)
    assert excess(np.where(INSIDE, f + 2 * (y - f), y), train=train).low > 0.5


def test_empty_and_tiny_slices_are_undefined_with_a_reason():
    found = run(Y)
    assert found["slice_excess_loss", NOBODY].value is None
    assert "no row" in found["slice_excess_loss", NOBODY].note
    assert found["slice_excess_loss", ONE].value is None
    assert "1 groups" in found["slice_excess_loss", ONE].note


def test_prior_is_information_under_names_of_its_own():
    grid = grid_of(X, P, slices=SLICES)
    found = measure(CHECK, batch_of(X, Y, P, grid, prior=P, slices=SLICES), grid)
    mine, theirs = found["slice_excess_loss", WEAK], found["prior_slice_excess_loss", f"{WEAK} | rows:prior"]
    assert (mine.value, mine.low) == (theirs.value, theirs.low)


def test_order_of_rows_is_of_no_account():
    grid = grid_of(X, P, slices=SLICES)
    batch = batch_of(X, Y, P, grid, slices=SLICES)
    same(measure(CHECK, batch, grid), measure(CHECK, shuffled(batch), grid))


def test_the_largest_excess_is_that_of_the_slice_that_adds_most():
    found = run(FLIPPED)
    m, slices = found["largest_excess", "model"], [found["slice_excess_loss", s] for s in (WEAK, OLD_ONES)]
    assert m.value == pytest.approx(max(s.value * min(s.n / len(X), 0.2) for s in slices))
    assert m.low <= m.value <= m.high
    assert "2 slices without an interval" in m.note
    assert verdict(run(Y)["largest_excess", "model"], warn=0.05, fail=0.15) == "PASS"


@pytest.mark.parametrize(("times", "adds"), [(1, 1.0), (3, 1.0), (20, None)])
def test_what_a_slice_adds_is_by_its_weight(times, adds):
    """A slice with 5 % of the rows and half of the weight counted with 5 %: .007 was told of .070."""
    inside = np.arange(len(X)) % 20 == 0
    weight, y = np.where(inside, times, 1.0), np.where(inside & (RNG.random(len(X)) < 0.4), 1 - Y, Y)
    one = {"few": ("age>0", inside)}
    grid = grid_of(X, P, slices=one)
    found = measure(CHECK, batch_of(X, y, P, grid, slices=one, weight=weight), grid)
    loss, entropy = (-(q * np.log(P) + (1 - q) * np.log(1 - P)) for q in (y, P))
    by_hand = float((weight * inside) @ (loss - entropy) / (weight @ loss))
    share = float(weight @ inside / weight.sum())

    assert share > 0.5 or share < 0.2
    assert found["largest_excess", "model"].value == pytest.approx(by_hand if adds else by_hand / share * 0.2, rel=1e-5)


def test_scores_that_are_all_missing_are_the_reason_and_not_a_model_without_error():
    found = run(Y, np.full(len(X), np.nan))
    assert "no row with an outcome has a usable score" in found["slice_excess_loss", WEAK].note
