"""The three house policies: one table, halved and doubled where it scales, each limit with its basis and reason."""

import pytest

from validators.catalog import catalog, metrics
from validators.core.records import Family
from validators.io.policies import TIERS, policy_text, read_policy

FAMILIES = tuple(f.value for f in Family)


def policy(tier):
    return read_policy(policy_text(tier), name=TIERS[tier], metrics=metrics(), families=FAMILIES)


@pytest.mark.parametrize("tier", TIERS)
def test_every_limit_has_a_basis_and_a_reason(tier):
    held = policy(tier)

    assert held.tier == tier
    assert [(r.check, r.metric) for r in held.rules if not r.basis or len(r.reason) < 10] == []


@pytest.mark.parametrize(("tier", "factor"), [(1, 0.5), (3, 2.0)])
def test_tiers_halve_and_double_the_tolerances_that_scale_and_no_others(tier, factor):
    other = policy(tier)

    assert len(other.rules) == len(policy(2).rules)
    for mine, yours in zip(policy(2).rules, other.rules, strict=True):
        assert (mine.check, mine.metric, mine.worse) == (yours.check, yours.metric, yours.worse)
        scale = factor if mine.scales else 1.0
        for a, b in ((mine.warn, yours.warn), (mine.fail, yours.fail)):
            assert (a is None) == (b is None)
            if a is not None:
                assert mine.null + scale * (a - mine.null) == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize("tier", TIERS)
def test_a_check_is_never_judged_by_supporting_numbers_alone(tier):
    rules = policy(tier).rules

    supporting = {(r.check, r.metric) for r in rules if r.supporting}
    assert supporting == {
        ("QUA101", "conflict_excess"),
        *((check, "prior_above_chance") for check in ("PRF102", "BKT103")),
        *(("LEK108", metric) for metric in ("key_order", "time_order")),
    }
    assert {check for check, _ in supporting} <= {r.check for r in rules if not r.supporting}


@pytest.mark.parametrize(
    ("tier", "always"),
    [
        (1, set(FAMILIES)),
        (2, {"performance", "leakage", "quality", "fit", "noise", "importance"}),
        (3, {"performance", "leakage", "quality"}),
    ],
)
def test_what_a_tier_requires_of_every_project(tier, always):
    built = {c.family.value for c in catalog()}

    assert {f for f in built if policy(tier).requirement("XXX000", f) == "always"} == built & always


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (('metric = "auc_loss"', 'metric = "auc_los"'), "did you mean 'auc_loss'"),
        (('check = "PRF102"', 'check = "PRF1020"'), "there is no check"),
        (('worse = "above"', 'worse = "over"'), "worse must be"),
        (("warn = 0.01", "warn = 0.05"), "milder than warn"),
        (("warn = 0.01", 'warn = "x"'), "must be a number"),
        (("warn = 0.01", "warn = nan"), "must be a number"),
        (('basis = "house"\n', ""), "has no basis"),
        (('performance = "always"', 'performance = "perhaps"'), "must be one of"),
        (('performance = "always"', 'perfomance = "always"'), "is no family"),
        (('id = "house-medium"', 'idd = "house-medium"'), "has no id"),
    ],
)
def test_a_wrong_policy_is_told_what_is_wrong(spoil, message):
    from validators.core.errors import PolicyError

    text = policy_text(2)
    assert spoil[0] in text
    with pytest.raises(PolicyError, match=message):
        read_policy(text.replace(*spoil, 1), name="p", metrics=metrics(), families=FAMILIES)
