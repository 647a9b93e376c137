"""Bugs and traps of other tools, by name: the situation that each got wrong, put to our functions and checks.

The number in a test's name is that of the list in the requirements; its docstring says what went wrong elsewhere.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.checks.performance_cases import BINARY, batch_of, grid_of, sound
from tests.engine.projects import project
from validators.catalog import catalog, check_of, families, metrics
from validators.core.data import Role
from validators.core.policy import Rule
from validators.core.records import Family, Given, Measurement
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.trial import resolve
from validators.engine.workers import serial
from validators.io.policies import policy_text, read_policy
from validators.io.project import read_project
from validators.stats.distance import jensen_shannon_distance, population_stability_index
from validators.stats.interval import quantile, simultaneous_level
from validators.stats.label_noise import confident_suspects
from validators.stats.perturb import gaussian, quantile_noise
from validators.stats.series import largest_break


def policy():
    return read_policy(policy_text(2), name="medium", metrics=metrics(), families=tuple(f.value for f in Family))


def judged(folder, code):
    """A check of a project through the engine, judged by the house policy: its result and its measurements."""
    trial = resolve(read_project(folder))
    (result,) = measure(trial, make_plan(trial, catalog(), only=(code,)), mapper=serial).results
    found = policy().judge(result, families()[code])
    return found, {(j.measurement.metric, j.measurement.subject): j.measurement for j in found.judged}


def given(check, roles, grid, *, task=BINARY, options=None, **more):
    return Given(
        task=task, grid=grid, options=check.options if options is None else options, rng=np.random.default_rng(0),
        summaries={(role, kind): kind.of(b, grid) for role, b in roles.items() for kind in check.needs.summaries}, **more,
    )  # fmt: skip


def only_in(where, **columns):
    """A change of some columns in one role, by functions of the old values."""

    def change(role, frame):
        return frame.assign(**{k: f(frame[k]) for k, f in columns.items()}) if role == where else frame

    return change


def test_b01_a_clean_family_alarms_no_more_often_than_it_says():
    """Giskard took argsort for ranks and raised on no discovery: it rejected in 93 % of null runs."""
    draws = np.random.default_rng(1).standard_normal((4000, 50))
    alarms = (np.abs(draws) > quantile(simultaneous_level(0.95, 50))).any(axis=1).mean()

    assert abs(alarms - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4000)
    assert simultaneous_level(0.95, 0) == 0.95


def test_b02_disjoint_scores_are_far_apart(tmp_path):
    """ValidMind joined non-empty bins only: scores without overlap had a PSI of 0."""
    left, right = np.zeros(10), np.zeros(10)
    left[:5], right[5:] = 200, 200
    assert population_stability_index(left, right) > 5

    apart = only_in("reference", score=lambda s: 0.01 + 0.04 * s)
    folder = project(tmp_path / "p", n=600, apart=apart, other=only_in("test", score=lambda s: 0.9 + 0.05 * s))
    result, found = judged(folder, "PRD102")
    assert result.verdict == "FAIL"
    assert found["psi", "model"].value > 5


def test_b02_mass_that_moves_to_an_empty_band_counts():
    """The same join: half the rows in a band that was empty gave .35."""
    before, after = np.r_[np.full(9, 200.0), 0.0], np.r_[np.full(9, 100.0), 900.0]
    p, q = (x + 0.5 for x in (before, after))
    p, q = p / p.sum(), q / q.sum()

    assert population_stability_index(before, after) == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-12)
    assert population_stability_index(before, after) > 3


def test_b03_the_top_tenth_is_a_bin_like_the_others():
    """ValidMind used nine cut points as nine bins: the top decile was never counted, .03 for .165."""
    before, after = np.full(10, 10_000), np.r_[np.full(9, 75_000 / 9), 25_000]

    assert population_stability_index(before, after) == pytest.approx(0.165, abs=0.001)  # by hand: .15 ln 2.5 + ...


def test_b03_a_fatter_top_tenth_is_seen_through_the_engine(tmp_path):
    top = {}

    def fatter(role, frame):
        """One in six of the lower rows takes a value of the top tenth."""
        if role != "test":
            return frame
        cut = frame.x0.quantile(0.9)
        top["values"] = frame.x0[frame.x0 > cut]
        hit = (frame.x0 <= cut) & (np.random.default_rng(0).random(len(frame)) < 1 / 6)
        values = np.random.default_rng(1).choice(top["values"], len(frame))
        return frame.assign(x0=frame.x0.where(~hit, values))

    result, found = judged(project(tmp_path / "p", n=3000, fatter=fatter), "DRF101")
    assert found["psi", "feature:x0"].value == pytest.approx(0.165, abs=0.06)
    assert result.verdict in ("WARN", "FAIL")


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("noise", [gaussian, quantile_noise])
def test_b04_noise_is_in_units_of_the_feature(noise, scale):
    """Giskard's noise had one size: 0 for incomes, 8.8 standard deviations for a small rate."""
    rng = np.random.default_rng(2)
    values, z, u = rng.normal(0, 1, 5000) * scale, rng.normal(size=5000), rng.random(5000)
    change = noise(values, 0.1, z, u) - values

    assert change.std() / values.std() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("noise", [gaussian, quantile_noise])
def test_b04_whole_numbers_move_and_missing_values_are_not_changed(noise):
    """It rounded the noise on integers away, and NaN was not equal to NaN: missing values counted as changed."""
    rng = np.random.default_rng(3)
    values = rng.integers(18, 80, 5000).astype(float)
    values[rng.random(5000) < 0.3] = np.nan
    moved = noise(values, 0.01, rng.normal(size=5000), rng.random(5000))
    known = ~np.isnan(values)

    assert np.array_equal(np.isnan(moved), ~known)
    assert (moved[known] != values[known]).mean() > 0.05
    assert (moved[known] == np.rint(moved[known])).all()


def test_b05_clean_labels_are_not_flagged_by_default():
    """Giskard's mislabelling test assumed a contamination of 10 % and so always found it."""
    p = np.where(np.arange(2000) % 2, 0.95, 0.05)
    y = (np.arange(2000) % 2).astype(np.int64)

    assert not confident_suspects(np.column_stack([1 - p, p]), y).rows.any()


@pytest.mark.slow
def test_b05_clean_labels_do_not_fail():
    """The same through the check: the rate that is judged is noise beyond that of the other role, and it may be none."""
    check = check_of("QUA101")
    (X, y, s), (X2, y2, s2) = sound(1500, 20), sound(1500, 30)
    grid = grid_of(X, s)
    roles = {Role.TRAIN: batch_of(X, y, s, grid), Role.REFERENCE: batch_of(X2, y2, s2, grid)}
    rules = [r for r in policy().rules if (r.check, r.metric) == ("QUA101", "noise_excess")]
    rates = [m for m in check.measure(given(check, roles, grid)) if m.metric == "noise_excess"]

    assert rules
    assert "FAIL" not in [rule.judge(m) for rule in rules for m in rates]
    assert all(m.low is not None and m.low <= 0.02 for m in rates)


@pytest.mark.parametrize("scale", [1e-7, 1e5])
def test_b06_a_shift_does_not_depend_on_the_unit(tmp_path, scale):
    """Evidently floored the standard deviation at .001: a small rate never drifted."""
    drifted = only_in("test", x0=lambda v: v + 0.5)

    def unit(role, frame):
        return frame.assign(x0=frame.x0 * scale)

    plain = judged(project(tmp_path / "a", drifted=drifted), "DRF101")[1]
    scaled = judged(project(tmp_path / "b", drifted=drifted, unit=unit), "DRF101")[1]
    name = ("shift_sigma", "feature:x0")
    assert plain[name].value > 0.3
    assert scaled[name].value == pytest.approx(plain[name].value, abs=0.05)
    ratio = scaled["wasserstein", "feature:x0"].value / plain["wasserstein", "feature:x0"].value
    assert ratio == pytest.approx(scale, rel=0.05)


@pytest.mark.parametrize("gone", [np.nan, np.inf])
def test_b07_a_surge_of_missing_or_infinite_values_is_drift(tmp_path, gone):
    """Evidently removed NaN and infinities before the test: a feature that broke did not drift."""

    def surge(role, frame):
        hit = np.random.default_rng(4).random(len(frame)) < 0.3
        return frame.assign(x0=frame.x0.where(~hit, gone)) if role == "test" else frame

    folder = project(tmp_path / "p", surge=surge)
    verdicts = {code: judged(folder, code)[0].verdict for code in ("DRF101", "DRF102")}
    assert "FAIL" in verdicts.values()


def test_b08_bins_are_quantiles_of_the_reference_and_do_not_move_with_the_test_rows(tmp_path):
    """Evidently documented quantiles and cut equal widths of the pooled data; its bin count was unused."""
    grids = []
    for shift in (0.0, 5.0):
        moved = only_in("test", x1=lambda v, shift=shift: v + shift)
        trial = resolve(read_project(project(tmp_path / f"{shift}", n=2000, moved=moved)))
        measured = measure(trial, make_plan(trial, catalog(), only=("DRF101",)), mapper=serial)
        grids.append((measured.grid.features["x1"], measured.summaries))
    (bins, stored), (other, _) = grids
    counts = next(
        s for (role, kind), s in stored.items() if role is Role.REFERENCE and kind.name == "feature_counts/all"
    )
    tenths = np.bincount(bins.coarse, weights=counts.weighted("x1").sum(axis=0)[: len(bins.coarse)])

    assert np.array_equal(bins.cuts, other.cuts)
    assert len(tenths) == 10
    assert tenths / tenths.sum() == pytest.approx(np.full(10, 0.1), abs=0.02)


def test_b09_the_jensen_shannon_distance_ends_at_one():
    """Evidently took the natural logarithm: the largest distance was .83 and thresholds meant something else."""
    assert jensen_shannon_distance([1, 0], [0, 1]) == pytest.approx(1, abs=1e-12)
    assert jensen_shannon_distance([1, 1], [1, 1]) == 0


def test_b10_a_point_beyond_the_limit_is_not_enough():
    """TFMA held the bare number against the threshold: intervals were ignored, and made of 20 replicates."""
    rule = Rule(check="PRF102", metric="auc_loss", worse="above", warn=0.01, fail=0.03)
    wide = Measurement(metric="auc_loss", subject="model", value=0.04, n=50, low=-0.02, high=0.10, level=0.9)

    assert rule.judge(wide) == "INCONCLUSIVE"
    assert rule.judge(replace(wide, low=0.02, high=0.06)) == "FAIL"
    assert rule.judge(replace(wide, value=0.005)) == "INCONCLUSIVE"
    assert rule.judge(replace(wide, value=0.001, low=-0.004, high=0.006)) == "PASS"


@pytest.mark.slow
def test_b11_noise_is_seeded_has_several_draws_and_no_limit_in_units_of_the_metric(tmp_path):
    """ValidMind drew once without a seed and allowed .05 of AUC and of squared error alike."""
    folder = project(tmp_path / "p", model=True, n=400)
    first, again = judged(folder, "NOI101")[1], judged(folder, "NOI101")[1]

    assert first == again
    assert check_of("NOI101").options.draws > 1
    assert any(m.low is not None and m.low < m.high for m in first.values())
    assert not {r.metric for r in policy().rules if r.check == "NOI101"} & {"auc", "rmse", "mse", "loss"}


def test_b12_overlap_is_counted_over_all_rows_whatever_their_number(tmp_path):
    """Deepchecks sampled both sides independently: overlap shrank by the sampled share."""
    taken = {}

    def overlapping(role, frame):
        if role == "train":
            taken["rows"] = frame
        if role != "test":
            return frame
        held = frame.copy()
        held.loc[held.index[:1200], ["x0", "x1", "whole", "level"]] = taken["rows"][
            ["x0", "x1", "whole", "level"]
        ].iloc[:1200]
        return held

    result, found = judged(project(tmp_path / "p", n=12_000, overlapping=overlapping), "LEK101")
    assert found["overlap", "model"].n == 12_000
    assert found["overlap", "model"].value == pytest.approx(0.10, abs=0.003)
    assert result.verdict == "FAIL"


def test_b13_a_simulated_p_value_is_never_zero():
    """Alibi-detect gave k / n, which can be 0; (k + 1) / (n + 1) cannot."""
    values = np.r_[np.zeros(10), np.full(10, 100.0)]
    found = largest_break(
        values, np.full(20, 0.01), np.ones(20), confidence=0.95, rng=np.random.default_rng(0), draws=400
    )

    assert found.p_value == pytest.approx(1 / 401)


def test_b14_limits_come_from_the_policy_not_from_ten_noisy_chunks(tmp_path):
    """NannyML took mean + 3 standard deviations of the chunks that it then judged; other chunks, other meaning."""
    for seed in range(3):

        def fresh(role, frame, seed=seed):
            return frame.assign(key=frame.key + 1_000_000 * (seed + 1)) if role == "production" else frame

        folder = project(tmp_path / str(seed), n=1500, fresh=fresh)
        for code in ("BKT101", "BKT102"):
            result, _ = judged(folder, code)
            stated = {(r.metric, r.warn, r.fail) for r in policy().rules if r.check == code}
            used = {(j.rule.metric, j.rule.warn, j.rule.fail) for j in result.judged if j.rule}
            assert used <= stated
            assert result.verdict != "FAIL"


def test_b15_the_impact_ratio_is_the_groups_rate_over_that_of_the_reference(tmp_path):
    """PiML's documentation printed the adverse impact ratio with the denominators swapped: 2.0 for 0.5."""

    def grouped(role, frame):
        rng = np.random.default_rng(7)
        few = rng.random(len(frame)) < 0.3
        chosen = rng.random(len(frame)) < np.where(few, 0.3, 0.6)
        return frame.assign(group=np.where(few, "few", "many"), score=np.where(chosen, 0.9, 0.1))

    folder = project(tmp_path / "p", n=3000, extra='sensitive = ["group"]', grouped=grouped)
    file = folder / "seatrial.toml"
    file.write_text(file.read_text().replace("threshold = 0.4", "threshold = 0.4\nfavourable = 1"))
    result, found = judged(folder, "BIA101")

    assert found["selection_ratio", "group:group=few"].value == pytest.approx(0.5, abs=0.05)
    assert result.verdict in ("WARN", "FAIL")


def test_b15_weak_slices_are_searched_on_test_rows_never_on_train():
    """PiML's documentation searched weak spots on the training data by default."""
    for code in ("PRF201", "PRF202"):
        assert check_of(code).needs.roles == (Role.TEST,)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_b16_the_users_confidence_reaches_every_interval_and_counts_the_questions(confidence):
    """Aequitas fixed alpha at .05 inside, whatever was asked, and looked at all groups without a correction."""
    check = check_of("DRF101")
    (X, y, p), (X2, y2, p2) = sound(1500), sound(1500, seed=10)
    grid = grid_of(X, p)
    roles = {Role.REFERENCE: batch_of(X, y, p, grid), Role.TEST: batch_of(X2, y2, p2, grid)}
    options = replace(check.options, confidence=confidence)
    shifts = [m for m in check.measure(given(check, roles, grid, options=options)) if m.metric == "shift_sigma"]

    assert {m.level for m in shifts} == {simultaneous_level(confidence, len(X.columns))}


def better(role, frame):
    """The prior's scores become worse than chance would have them; the candidate's stay."""
    return frame.assign(old=np.random.default_rng(5).permutation(frame.old)) if role == "test" else frame


def worse(role, frame):
    """The candidate's scores lose most of what they know."""
    rng = np.random.default_rng(6)
    return frame.assign(score=(0.3 * frame.score + 0.7 * rng.random(len(frame)))) if role == "test" else frame


def test_b17_an_improvement_passes_and_a_fall_fails(tmp_path):
    """Evidently's default was equal within 20 %: a better model failed, a fall of AUC from .80 to .65 passed."""
    improved, gain = judged(project(tmp_path / "better", n=1500, better=better), "PRF102")
    fallen, loss = judged(project(tmp_path / "worse", n=1500, worse=worse), "PRF102")

    assert gain["auc_loss", "model"].value < -0.15
    assert improved.verdict == "PASS"
    assert 0.05 < loss["auc_loss", "model"].value < 0.25
    assert fallen.verdict == "FAIL"


def test_every_bug_of_the_list_has_its_test():
    names = {name[5:8] for name in globals() if name.startswith("test_b")}

    assert names == {f"b{i:02d}" for i in range(1, 18)}
