"""The self-test: sound checks find what is planted and stay quiet without it; a blind one may not pass."""

import json
from dataclasses import replace

import numpy as np
import pytest

from validators.catalog import catalog, check_of, families
from validators.cli.execute import policy_of
from validators.core.data import Role
from validators.core.policy import Verdict
from validators.core.records import Measurement, Result, Status
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.self_trust import SAMPLE, Tried, Trust, check_the_check, doubted, self_trust, trust_document
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.summaries.planting import FAULTS, NULLS

from .projects import FEATURES, project

CODES = ("PRD102", "PRD103", "DRF101", "DRF102", "QUA103", "LEK101", "NOI101")


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A run of cheap checks on 2,500 rows a role, and its self-test."""
    folder = project(tmp_path_factory.mktemp("trust") / "p", n=2500)
    read = read_project(folder)
    trial, (policy, _) = resolve(read), policy_of(read)
    plan = replace(make_plan(trial, catalog(), only=CODES), narrowed=False)
    measured = measure(trial, plan)
    return measured, plan, policy, {t.check: t for t in self_trust(measured, plan, policy)}


def test_plants_name_nulls_faults_metrics_and_limits_that_exist():
    policy, _ = policy_of(read_project_stub())
    for check in catalog():
        for plant in check.plants:
            assert plant.fault in FAULTS, check.code
            assert plant.null in NULLS, check.code
            assert plant.metric in check.metrics, check.code
            limited = {(r.metric, r.worse) for r in policy.rules if r.check == check.code}
            assert not limited or (plant.metric, plant.worse) in limited, check.code


def read_project_stub():
    class Stub:
        policy_file, tier, packs = None, 2, ()

    return Stub()


def test_planted_faults_of_twice_the_tolerance_are_found_and_nothing_without_them(tested):
    *_, trust = tested
    for code in ("PRD102", "PRD103", "DRF101", "DRF102", "QUA103", "LEK101"):
        held = trust[code]
        assert held.tested, (code, held.reason)
        assert held.missed is None, held
        assert all(t.null_alarms <= 0.1 * t.replicates for t in held.tried), held
        assert 0 < held.rows == held.rows_given


def test_what_is_asked_for_alone_is_what_a_whole_run_finds(tmp_path):
    """Checks may leave out what nobody reads; the planted metric must not change by that."""
    trial = resolve(read_project(project(tmp_path / "p", n=600)))
    codes = ("DRF101", "DRF103", "LEK101", "PRF102", "PRF103", "QUA103")
    given = measure(trial, make_plan(trial, catalog(), only=codes)).given
    for code in codes:
        check = check_of(code)
        for metric in sorted({plant.metric for plant in check.plants}):
            whole, alone = (
                [
                    m
                    for m in check.measure(replace(given[code], asked=asked, rng=np.random.default_rng(1)))
                    if m.metric == metric
                ]
                for asked in (frozenset(), frozenset({metric}))
            )
            assert alone == whole, (code, metric)


def test_what_was_not_tested_says_why(tested):
    *_, trust = tested

    assert not trust["NOI101"].tested
    assert "not run" in trust["NOI101"].reason


def test_equal_seeds_give_equal_self_tests(tested):
    measured, plan, policy, trust = tested
    again = {t.check: t for t in self_trust(measured, replace(plan, checks=(check_of("DRF102"),)), policy)}

    assert again["DRF102"] == trust["DRF102"]


def test_a_check_that_never_sees_anything_may_not_pass(tested):
    measured, _, policy, _ = tested
    real = check_of("DRF101")

    def blind(_given):
        for name in FEATURES:
            about = f"feature:{name}"
            yield Measurement(metric="shift_sigma", subject=about, value=0.0, low=0.0, high=0.01, level=0.95, n=2500)

    result = Result(code="DRF101", status=Status.MEASURED, measurements=tuple(blind(None)))
    samples = {role: s for (role, kind), s in measured.summaries.items() if kind.name.startswith("row_sample/20")}
    found = check_the_check(replace(real, measure=blind), result, measured.given["DRF101"], samples, policy, seed=1)
    doubt = doubted(result, found)

    assert found.tried[0].found_2x == 0
    assert policy.judge(result, families()["DRF101"]).verdict is Verdict.PASS
    assert policy.judge(doubt, families()["DRF101"]).verdict is Verdict.INCONCLUSIVE
    assert "20 of 20" in doubt.reason


def test_a_self_test_that_breaks_is_told_ends_nothing_and_clears_nothing(tested):
    measured, _, policy, _ = tested

    def broken(_given):
        raise ValueError("oh")
        yield

    result = next(r for r in measured.results if r.code == "DRF101")
    samples = {Role.TEST: None, Role.REFERENCE: None, Role.TRAIN: None}
    found = check_the_check(
        replace(check_of("DRF101"), measure=broken), result, measured.given["DRF101"], samples, policy, seed=1
    )

    assert not found.tested
    assert "failed" in found.reason
    assert "the self-test failed (" in doubted(result, found).reason
    sound = replace(
        result,
        measurements=(Measurement(metric="shift_sigma", subject="model", value=0.0, low=0.0, high=0.01, n=1000),),
    )
    assert policy.judge(sound, "feature_drift").verdict is Verdict.PASS
    assert policy.judge(doubted(sound, found), "feature_drift").verdict is Verdict.INCONCLUSIVE


def test_keys_that_are_all_in_train_leave_nothing_to_plant_in_and_say_so(tested):
    """Row numbers as keys: every key of test is one of train, so no row is apart. It ended the run when it was written."""
    measured, _, policy, _ = tested
    test = measured.summaries[Role.TEST, SAMPLE]
    given = measured.given["LEK101"]
    given = replace(given, summaries={(Role.TEST, SAMPLE): test, (Role.TRAIN, SAMPLE): test})
    limits = replace(
        policy.rules[0], check="LEK105", metric="key_overlap", warn=0.001, fail=0.01, worse="above", null=0.0
    )
    result = Result(
        code="LEK105",
        status=Status.MEASURED,
        measurements=(Measurement(metric="key_overlap", subject="model", value=1.0, n=1),),
    )
    found = check_the_check(
        check_of("LEK105"),
        result,
        given,
        {Role.TEST: test, Role.TRAIN: test},
        replace(policy, rules=(limits,)),
        seed=1,
    )

    assert not found.tested
    assert found.reason == "these data cannot carry the fault that would be planted"


@pytest.mark.parametrize(("found", "verdict"), [(16, Verdict.PASS), (15, Verdict.INCONCLUSIVE)])
def test_four_fifths_are_asked_for_and_only_a_pass_is_capped(tested, found, verdict):
    measured, _, policy, _ = tested
    result = next(r for r in measured.results if r.code == "PRD103")
    tried = Tried(
        metric="missing_share", fault="unusable_scores", null="usable", into="test", tolerance=0.001, replicates=20,
        null_alarms=0, found_1x=0, found_2x=found - 1, open_2x=1, changed_1x=0.1, changed_2x=0.2,
    )  # fmt: skip
    trust = Trust(check="PRD103", tried=(tried,), rows=1, rows_given=1)

    assert policy.judge(doubted(result, trust), "prediction_drift").verdict is verdict
    assert doubted(result, None) == result


def test_what_is_written_is_plain_json_with_every_check(tested):
    *_, trust = tested
    document = json.loads(json.dumps(trust_document(trust.values(), seed=3), allow_nan=False))

    assert [c["check"] for c in document["checks"]] == list(trust)
    assert all(c["tested"] or c["reason"] for c in document["checks"])
