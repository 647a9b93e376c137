"""Verdicts follow the interval; what is not shown does not pass."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.core.policy import Overall, Policy, Rule, Verdict
from validators.core.power import detectable, without_way_out
from validators.core.records import Measurement, Result, Status

RULE = Rule(check="PRF102", metric="auc_loss", worse="above", warn=0.01, fail=0.03)
FAMILIES = {"PRF102": "performance", "NOI101": "noise"}


def measured(value, low=None, high=None, n=1000, **more):
    return Measurement(metric="auc_loss", subject="model", value=value, low=low, high=high, level=0.95, n=n, **more)


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.0, -0.01, 0.01, Verdict.PASS),
        (0.05, 0.04, 0.06, Verdict.FAIL),
        (0.04, 0.02, 0.06, Verdict.FAIL),
        (0.02, 0.015, 0.025, Verdict.WARN),
        (0.02, 0.005, 0.035, Verdict.WARN),
        (0.02, -0.005, 0.045, Verdict.INCONCLUSIVE),
        (0.005, -0.01, 0.02, Verdict.INCONCLUSIVE),
        (0.04, 0.005, 0.075, Verdict.WARN),
        (None, None, None, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts_follow_the_interval(value, low, high, verdict):
    assert verdict is RULE.judge(measured(value, low, high))


@pytest.mark.parametrize(("value", "verdict"), [(0.0, Verdict.PASS), (0.02, Verdict.WARN), (0.04, Verdict.FAIL)])
def test_a_fact_is_judged_on_its_value_and_not_on_the_bound_of_what_was_not_seen(value, verdict):
    assert verdict is RULE.judge(measured(value, None, 0.5))


def test_below_is_above_turned_round():
    below = Rule(check="PRF103", metric="auc_loss", worse="below", warn=0.8, fail=0.67, null=1.0)

    assert below.judge(measured(1.0, 0.9, 1.1)) is Verdict.PASS
    assert below.judge(measured(0.5, 0.45, 0.55)) is Verdict.FAIL
    assert below.judge(measured(0.75, 0.6, 0.9)) is Verdict.WARN
    assert below.judge(measured(0.75, 0.45, 1.05)) is Verdict.INCONCLUSIVE


def test_without_fail_it_never_fails_and_without_warn_the_hard_limit_is_the_only_one():
    soft = Rule(check="c", metric="m", worse="above", warn=0.0, fail=None)
    hard = Rule(check="c", metric="m", worse="above", warn=None, fail=0.0)

    assert soft.judge(measured(9.0, 8.0, 10.0)) is Verdict.WARN
    assert hard.judge(measured(1.0)) is Verdict.FAIL
    assert hard.judge(measured(0.0)) is Verdict.PASS


def test_a_minor_subject_can_at_most_warn():
    assert RULE.judge(measured(0.05, 0.04, 0.06, minor=True)) is Verdict.WARN


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_pass_means_that_the_whole_interval_is_within_the_limit(value, down, up):
    verdict = RULE.judge(measured(value, value - down, value + up))

    assert (verdict is Verdict.PASS) == (value + up <= RULE.warn)
    if verdict is Verdict.FAIL:
        assert value - down > RULE.warn


@given(st.floats(-1, 1), st.floats(0, 0.5))
def test_narrowing_an_interval_never_turns_fail_into_pass(value, half):
    wide, narrow = (RULE.judge(measured(value, value - h, value + h)) for h in (half, half / 2))

    assert not (wide is Verdict.FAIL and narrow is Verdict.PASS)
    assert not (wide is Verdict.PASS and narrow is Verdict.FAIL)


def policy(**required):
    return Policy(id="p", version="1", tier=2, rules=(RULE,), required=required or {"performance": "always"})


def result(*measurements, status=Status.MEASURED, code="PRF102"):
    return Result(code=code, status=status, measurements=measurements)


def test_one_that_fails_fails_the_check():
    judged = policy().judge(result(measured(0, -0.01, 0.005), measured(0.05, 0.04, 0.06)), "performance")

    assert judged.verdict is Verdict.FAIL


def test_a_small_subject_may_alarm_but_does_not_make_the_check_inconclusive():
    sound = measured(0, -0.01, 0.005)
    small = measured(0.0, -0.4, 0.4, n=20)
    alarm = measured(0.5, 0.4, 0.6, n=20)

    assert policy().judge(result(sound, small), "performance").verdict is Verdict.PASS
    assert policy().judge(result(sound, alarm), "performance").verdict is Verdict.FAIL
    assert "cannot tell" in policy().judge(result(sound, small), "performance").judged[1].note


@pytest.mark.parametrize(
    ("value", "low", "high", "rows"),
    [
        (0.0, 0.0, 0.02, 4000),
        (0.0, -0.001, 0.02, 4000),
        (0.0, -0.02, 0.02, 4000),
        (0.02, -0.02, 0.03, 4000),
        (0.03, -0.003, 0.063, 1210),
    ],
)
def test_the_rows_that_would_settle_it_bring_the_end_within_the_limit_or_off_no_effect(value, low, high, rows):
    """By hand: an end shrinks with the square root of n, so twice too far takes four times the rows, and never the rows there are."""
    judged = policy().judge(result(measured(value, low, high)), "performance")

    assert judged.verdict is Verdict.INCONCLUSIVE
    assert f"about {rows:,} rows would settle it" in judged.judged[0].note


def test_no_n_settles_a_limit_that_is_no_effect_itself_and_none_is_told_where_its_number_is_chance():
    open_end = measured(-0.0003, -0.01, 0.009)
    at_null = replace(policy(), rules=(replace(RULE, warn=0.0, null=0.0, fail=0.02),))
    (held,) = at_null.judge(result(open_end), "performance").judged
    (near,) = policy().judge(result(measured(0.0095, -0.02, 0.03)), "performance").judged

    assert (
        "cannot exclude a value above 0; where there is no effect no n settles it, and one of 0.014 would have shown"
        in held.note
    )
    assert without_way_out(held.note) == ""
    assert "no practical n settles it" in near.note


def test_limits_on_both_sides_are_told_as_one_with_the_rows_that_settle_both():
    band = replace(policy(), rules=(RULE, replace(RULE, worse="below", warn=-RULE.warn, fail=-RULE.fail)))
    notes = {j.note for j in band.judge(result(measured(0.002, -0.022, 0.026)), "performance").judged}

    # above: (.024 / .008)**2 = 9 times the rows; below: (.024 / .012)**2 = 4
    assert notes == {"cannot exclude a value above 0.01 or below -0.01; about 9,000 rows would settle it"}
    assert without_way_out(notes.pop()) == ""


def test_a_check_that_is_open_for_want_of_a_rare_outcome_says_so():
    judged = policy().judge(result(measured(0, -0.001, 0.001, size=15.0)), "performance")
    enough = policy().judge(result(measured(0, -0.001, 0.001, size=150.0)), "performance")

    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "too few to pass on: 15 rows of the rarest kind" in judged.judged[0].note
    assert (enough.verdict, enough.judged[0].note) == (Verdict.PASS, "")


def test_a_check_cannot_pass_while_its_number_on_the_whole_model_cannot_be_told():
    sound, open_end = measured(0, -0.01, 0.005), measured(0.0, -0.4, 0.4)

    assert policy().judge(result(sound, open_end), "performance").verdict is Verdict.INCONCLUSIVE


SUPPORTING = Rule(check="PRF102", metric="share", worse="above", warn=0.001, fail=0.01, supporting=True)


def supported(*measurements):
    held = Policy(id="p", version="1", tier=2, rules=(RULE, SUPPORTING), required={"performance": "always"})
    return held.judge(result(*measurements), "performance")


def share(value, low, high):
    return replace(measured(value, low, high), metric="share")


def test_a_supporting_number_that_cannot_be_told_is_listed_and_does_not_keep_its_check_from_passing():
    judged = supported(measured(0, -0.01, 0.005), share(0.0, -0.002, 0.002))

    assert judged.verdict is Verdict.PASS
    assert (judged.judged[1].verdict, judged.judged[1].counts) == (Verdict.INCONCLUSIVE, False)
    assert "about 4,000 rows would settle it" in judged.judged[1].note


def test_a_supporting_number_without_a_limit_beyond_no_effect_does_not_keep_its_check_from_passing():
    prior = Rule(check="PRF102", metric="share", worse="below", warn=0.0, fail=None, supporting=True)
    held = Policy(id="p", version="1", tier=2, rules=(RULE, prior), required={"performance": "always"})
    judged = [
        held.judge(result(measured(0, -0.01, 0.005), share(*end)), "performance").verdict
        for end in (
            (0.0, -0.01, 0.01),
            (-0.02, -0.03, -0.01),
            (-0.01, -0.02, 0.001),
            (0.02, 0.01, 0.03),
        )
    ]

    assert judged == [Verdict.PASS, Verdict.WARN, Verdict.PASS, Verdict.PASS]


def test_a_supporting_number_counts_where_these_rows_could_tell_it_and_alarms_anyway():
    sound = measured(0, -0.01, 0.005)

    assert supported(sound, share(0.0005, -0.0003, 0.0013)).verdict is Verdict.INCONCLUSIVE
    assert supported(sound, share(0.03, 0.015, 0.045)).verdict is Verdict.FAIL
    assert supported(sound, share(0.005, 0.0001, 0.0099)).verdict is Verdict.WARN


def test_supporting_numbers_that_cannot_be_told_do_not_pass_their_check_alone():
    assert supported(share(0.0, -0.002, 0.002)).verdict is Verdict.INCONCLUSIVE
    assert supported(measured(0.0, -0.4, 0.4), share(0.0, -0.0005, 0.0005)).verdict is Verdict.INCONCLUSIVE


def test_supporting_numbers_that_pass_do_not_pass_a_check_whose_own_number_is_of_too_few_rows():
    told = share(0.0, -0.0005, 0.0005)

    assert supported(told).verdict is Verdict.INCONCLUSIVE
    assert supported(replace(measured(0, -0.01, 0.005), n=40), told).verdict is Verdict.INCONCLUSIVE
    assert supported(measured(0, -0.01, 0.005), told).verdict is Verdict.PASS


def test_an_undefined_number_on_the_whole_model_counts_on_however_few_rows():
    sound, unknown = measured(0, -0.01, 0.005), Measurement(metric="loss", subject="model", value=None, n=0)
    held = replace(policy(), rules=(RULE, replace(RULE, metric="loss")))

    assert held.judge(result(sound, unknown), "performance").verdict is Verdict.INCONCLUSIVE
    assert held.judge(result(sound, replace(unknown, subject="feature:a")), "performance").verdict is Verdict.PASS


def test_what_is_unknown_of_a_minor_subject_weighs_no_more_than_the_worst_that_it_can_be():
    sound, minor = measured(0, -0.01, 0.005), replace(measured(0.006, -0.002, 0.014), subject="feature:a", minor=True)
    alarm = replace(minor, value=0.05, low=0.04, high=0.06)

    assert policy().judge(result(sound, minor), "performance").verdict is Verdict.PASS
    assert policy().judge(result(sound, replace(minor, minor=False)), "performance").verdict is Verdict.INCONCLUSIVE
    assert policy().judge(result(sound, alarm), "performance").verdict is Verdict.WARN
    assert policy().judge(result(minor), "performance").verdict is Verdict.INCONCLUSIVE


def test_what_is_unknown_under_a_limit_that_does_not_fail_weighs_no_more_than_an_attention():
    rules = (RULE, replace(RULE, metric="share", fail=None))
    held = replace(policy(), rules=rules)
    sound = measured(0, -0.01, 0.005)
    mild = replace(measured(0.006, -0.002, 0.014), metric="share", subject="feature:a")

    assert held.judge(result(sound, mild), "performance").verdict is Verdict.PASS
    assert held.judge(result(sound, replace(mild, subject="model")), "performance").verdict is Verdict.INCONCLUSIVE
    assert held.judge(result(mild), "performance").verdict is Verdict.INCONCLUSIVE
    assert held.judge(result(sound, replace(mild, value=0.05, low=0.04)), "performance").verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("told", "left_open", "small", "minor", "verdict"),
    [
        (1, 4, 0, 0, Verdict.INCONCLUSIVE),
        (2, 2, 0, 0, Verdict.PASS),
        (1, 1, 5, 5, Verdict.PASS),
        (0, 2, 0, 0, Verdict.INCONCLUSIVE),
    ],
)
def test_one_subject_that_is_told_does_not_clear_those_that_are_not(told, left_open, small, minor, verdict):
    """Of ten features nine were open and one did not vary: the check passed on that one."""
    held = replace(policy(), rules=(replace(RULE, min_n=100),))
    fine, wide = measured(0.0, -0.005, 0.005), replace(measured(0.0, -0.5, 0.5), subject="feature:open")
    subjects = [replace(fine, subject=f"feature:t{k}") for k in range(told)] + [wide] * left_open
    subjects += [replace(wide, n=20)] * small + [replace(wide, minor=True)] * minor

    assert held.judge(result(*subjects), "performance").verdict is verdict
    assert held.judge(result(*subjects, fine), "performance").verdict is Verdict.PASS


def test_what_could_at_worst_be_attention_does_not_keep_a_check_open_whose_failures_are_told():
    """Keys are all unique, while how often coarse rows repeat by themselves is open in five roles: Attention at most."""
    told = [replace(measured(0.0, -0.005, 0.005), subject=f"rows:{role}") for role in ("train", "test")]
    wide = [replace(measured(0.0, -0.5, 0.5), metric="share", subject=f"rows:r{k}") for k in range(5)]
    hard = [RULE, replace(RULE, metric="share")]
    mild = [RULE, replace(RULE, metric="share", fail=None)]

    def verdict(rules):
        return replace(policy(), rules=tuple(rules)).judge(result(*told, *wide), "performance").verdict

    assert verdict(mild) is Verdict.PASS
    assert verdict(hard) is Verdict.INCONCLUSIVE
    assert verdict([replace(r, fail=None) for r in mild]) is Verdict.INCONCLUSIVE


SUBJECTS = ("model", "feature:a", "slice:b==1")
seen = st.builds(
    lambda metric, subject, minor, n, value, down, up: replace(
        measured(value, value - down, value + up, n=n), metric=metric, subject=subject, minor=minor
    ),
    st.sampled_from(["auc_loss", "share"]),
    st.sampled_from(SUBJECTS),
    st.booleans(),
    st.sampled_from([20, 5000]),
    st.floats(-0.05, 0.05),
    st.floats(0, 0.05),
    st.floats(0, 0.05),
)


@given(st.lists(seen, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_a_stricter_tier_never_passes_what_a_milder_one_does_not(measurements, supporting, scales):
    def passes(tier, factor):
        scale = factor if scales else 1.0
        rules = (
            replace(RULE, warn=0.01 * scale, fail=0.03 * scale, scales=scales),
            replace(SUPPORTING, warn=0.02 * scale, fail=0.04 * scale, scales=scales, supporting=supporting),
        )
        held = Policy(id="p", version="1", tier=tier, rules=rules, required={"performance": "always"})
        return held.judge(result(*measurements), "performance").verdict is Verdict.PASS

    high, medium, low = passes(1, 0.5), passes(2, 1.0), passes(3, 2.0)
    assert high <= medium <= low


def test_a_check_of_small_subjects_alone_cannot_pass():
    assert policy().judge(result(measured(0.0, -0.4, 0.4, n=20)), "performance").verdict is Verdict.INCONCLUSIVE
    assert policy().judge(result(), "performance").verdict is Verdict.INCONCLUSIVE


def test_an_undefined_number_does_not_pass():
    assert policy().judge(result(measured(None)), "performance").verdict is Verdict.INCONCLUSIVE


def test_measurements_without_a_limit_are_information():
    other = Measurement(metric="brier", subject="model", value=0.2, n=9)

    assert policy().judge(result(other), "performance").verdict is None


def overall(*judged, required=None, narrowed=False):
    p = policy(**(required or {}))
    return p.overall([p.judge(r, FAMILIES[r.code]) for r in judged], FAMILIES, narrowed=narrowed)


PASSING, FAILING = result(measured(0, -0.01, 0.005)), result(measured(0.05, 0.04, 0.06))


def test_the_verdict_on_a_run():
    assert overall(PASSING) is Overall.PASSED
    assert overall(FAILING) is Overall.FAILED
    assert overall(result(measured(0.02, 0.015, 0.025))) is Overall.WARNED
    assert overall(result(measured(0.005, -0.01, 0.02))) is Overall.INCOMPLETE


@pytest.mark.parametrize(
    ("status", "requirement", "verdict"),
    [
        (Status.ERROR, "always", Overall.INCOMPLETE),
        (Status.ERROR, "if_roles_given", Overall.INCOMPLETE),
        (Status.NOT_APPLICABLE, "always", Overall.INCOMPLETE),
        (Status.NOT_APPLICABLE, "if_roles_given", Overall.PASSED),
        (Status.ERROR, "advisory", Overall.PASSED),
    ],
)
def test_what_did_not_run_counts_by_its_requirement(status, requirement, verdict):
    other = result(status=status, code="NOI101")

    assert verdict is overall(PASSING, other, required={"performance": "always", "noise": requirement})


def test_a_check_that_measured_nothing_is_open_only_where_a_rule_speaks_of_it():
    """A check without a limit must not keep a run from passing by having nothing to say."""
    policy = Policy(id="p", version="1", tier=2, required={}, rules=(RULE,))
    silent = {
        code: policy.judge(Result(code=code, status=Status.MEASURED), "f").verdict for code in ("PRF102", "QUA105")
    }

    assert silent == {"PRF102": Verdict.INCONCLUSIVE, "QUA105": None}


def test_an_advisory_failure_is_a_warning():
    assert overall(PASSING, FAILING, required={"performance": "advisory"}) is Overall.INCOMPLETE


def test_a_narrowed_run_can_fail_but_never_pass():
    assert overall(PASSING, narrowed=True) is Overall.INCOMPLETE
    assert overall(FAILING, narrowed=True) is Overall.FAILED


def test_the_detectable_effect_is_that_of_the_textbook():
    # z .975 + z .80 = 2.8016 standard errors; a 95 % half-width is 1.96 of them
    assert detectable(measured(0.0, -1.959964, 1.959964)) == pytest.approx(2.801585, abs=1e-5)
    assert detectable(measured(0.0)) is None


def test_an_inconclusive_measurement_says_how_many_rows_would_settle_it():
    judged = policy().judge(result(measured(0.0, -0.02, 0.02)), "performance").judged[0]

    # half-width .02 must become .01: four times the rows
    assert "about 4,000 rows" in judged.note


@pytest.mark.parametrize(
    ("subject", "counts"),
    [
        ("group:sex=female", True),
        ('group:age="30 to 34"', True),
        ('group:race="a & b | c"', True),
        ("group:sex=null", True),
        ("group:sex=female & race=b", False),
        ("group:sex=female | class:green", False),
        ("slice:sex==female", False),
        ("model", False),
    ],
)
def test_a_star_in_a_required_subject_stands_for_one_name_or_value(subject, counts):
    held = Policy(id="p", version="1", tier=1, rules=(), required_subjects=("group:*=*",))

    assert held.requires(subject) is counts


def test_a_check_that_must_query_a_model_is_not_asked_of_stored_predictions():
    absent = result(status=Status.NOT_APPLICABLE, code="NOI101")
    p = policy(performance="always", NOI101="always")
    judged = [p.judge(r, "performance") for r in (PASSING, absent)]
    families = FAMILIES | {"NOI101": "noise"}

    assert p.overall(judged, families) is Overall.INCOMPLETE
    assert p.overall(judged, families, excused=("NOI101",)) is Overall.PASSED
