"""LEK102: values that were not yet known are counted, dated and left out."""

from dataclasses import replace

import numpy as np
import pytest

from validators.checks import late_values
from validators.core.data import Role
from validators.core.records import Given

from .leakage_cases import TEST_X, measure, two
from .performance_cases import BINARY, verdict


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

    gaps = int(TEST_X["income"][:10].isna().sum())
    assert gaps > 0
    assert found["unknown_time_share", "feature:income | rows:test"].value == pytest.approx((10 - gaps) / (2000 - gaps))
    assert found["late_share", "feature:income | rows:test"].n == 1990


def of_known(known, late=0):
    """Late shares of test where so many of 2,000 rows have both times and so many of these are late."""
    train, test, grid = two()
    days = np.where(np.arange(2000) < late, 40.0, np.where(np.arange(2000) < known, -1.0, np.nan))
    held = replace(train, lateness={f: np.full(3000, -1.0) for f in ("age", "empty")})
    X = test.X.assign(empty=np.nan)
    return measure(late_values.CHECK, held, replace(test, X=X, lateness={"age": days, "empty": days + np.nan}), grid)


@pytest.mark.parametrize(
    ("known", "late", "value", "n", "note"),
    [
        (0, 0, None, 2000, "no row has both times"),
        (120, 0, None, 2000, "1,880 of 2,000 rows lack"),
        (120, 1, 1 / 120, 120, "1 of 120 rows"),
        (1200, 0, 0, 1200, "none of 1,200 rows"),
    ],
)
def test_values_that_nobody_dated_do_not_clear_a_role_and_one_late_one_still_tells(known, late, value, n, note):
    """94 % of the rows without a time passed on the other 120; a role without any did not count."""
    m = of_known(known, late)["late_share", "feature:age | rows:test"]

    assert (m.value, m.n) == (value, n)
    assert note in m.note


def test_a_feature_without_a_value_is_not_asked_when_it_was_known():
    m = of_known(1200)["late_share", "feature:empty | rows:test"]

    assert (m.value, m.n, m.note) == (None, 0, "no value")
