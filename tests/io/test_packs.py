"""Policy packs: what is shipped, how it is laid over a tier, and what a wrong one is told."""

import re
import tomllib

import pytest

from validators.catalog import catalog, metrics
from validators.core.errors import PolicyError
from validators.core.policy import Rule
from validators.core.records import Family
from validators.io.packs import NOT_ADVICE, pack_names, pack_problems, pack_text, with_packs
from validators.io.policies import TIERS, policy_text, read_policy, tightened

FAMILIES = tuple(f.value for f in Family)
REQUIREMENTS = ("always", "if_roles_given", "advisory")
CLAIMS = re.compile(r"complian|lawful|legal(?! advice)|unbiased|\bfair\b|\bsafe\b|required by", re.IGNORECASE)


def read(text):
    return read_policy(text, name="p", metrics=metrics(), families=FAMILIES)


def rule(warn, fail, worse="above", **more):
    return Rule(check="BIA102", metric="tpr_gap", worse=worse, warn=warn, fail=fail, **more)


def held(policy):
    return {(r.check, r.metric, r.worse): r for r in policy.rules}


def test_six_packs_are_shipped():
    assert pack_names() == ("eu-ai-act", "internal", "uk", "us-credit", "us-credit-new-jersey", "us-employment")


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", pack_names())
def test_a_pack_tightens_every_tier_and_loosens_none(name, tier):
    house, policy = read(policy_text(tier)), read(with_packs(policy_text(tier), [pack_text(name)]))
    before, after = held(house), held(policy)

    assert policy.id == f"{house.id}+{name}-1.0.0"
    for key, mine in before.items():
        sign = 1 if mine.worse == "above" else -1
        for limit in ("warn", "fail"):
            old, new = getattr(mine, limit), getattr(after[key], limit)
            assert old is None or sign * new <= sign * old
    assert set(before) <= set(after)
    assert {key[0][:3] for key in after if after[key] != before.get(key)} <= {"BIA"}
    for check in catalog():
        old, new = (p.requirement(check.code, check.family.value) for p in (house, policy))
        assert REQUIREMENTS.index(new) <= REQUIREMENTS.index(old)
    assert set(house.required_subjects) <= set(policy.required_subjects)


@pytest.mark.parametrize("name", pack_names())
def test_every_limit_of_a_pack_has_a_basis_and_a_reason_and_nothing_claims_a_verdict_of_law(name):
    text = pack_text(name)
    pack = tomllib.loads(text)

    assert pack["id"] == name
    assert pack["limits"]
    assert pack["sources"]
    assert all(limit["basis"] and len(limit["reason"]) > 20 for limit in pack["limits"])
    assert CLAIMS.findall(text) == []
    assert CLAIMS.findall(NOT_ADVICE) == []


def test_packs_change_what_is_judged_and_say_on_what_basis():
    with_one = held(read(with_packs(policy_text(2), [pack_text("us-employment")])))
    both = read(with_packs(policy_text(2), [pack_text("us-employment"), pack_text("eu-ai-act")]))

    assert with_one["BIA101", "selection_ratio", "below"].basis == "29 CFR 1607.4(D)"
    assert held(both)["BIA101", "selection_ratio", "below"].warn == 0.9
    assert held(both)["BIA102", "tpr_gap", "below"].fail == -0.1
    assert [p.id for p in both.packs] == ["us-employment", "eu-ai-act"]
    assert both.requires("group:sex=female")
    assert not read(policy_text(2)).requires("group:sex=female")


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        (rule(0.1, 0.2), rule(0.05, 0.1), (0.05, 0.1)),
        (rule(0.05, 0.1), rule(0.1, 0.2), (0.05, 0.1)),
        (rule(0.05, 0.2), rule(0.1, 0.1), (0.05, 0.1)),
        (rule(None, 0.0), rule(0.1, 0.2), (0.0, 0.0)),
        (rule(0.1, None), rule(0.2, 0.3), (0.1, 0.3)),
        (rule(-0.1, -0.2, "below"), rule(-0.05, -0.3, "below"), (-0.05, -0.2)),
        (rule(0.8, 0.8, "below"), rule(0.9, 0.8, "below"), (0.9, 0.8)),
    ],
)
def test_of_two_limits_the_stricter_holds(mine, other, expected):
    found = tightened(mine, other)

    assert (found.warn, found.fail) == expected
    assert tightened(found, mine) == found or (found.warn, found.fail) == (mine.warn, mine.fail)


def test_the_basis_is_that_of_the_limit_that_holds():
    mine, other = rule(0.1, 0.2, basis="a", reason="x"), rule(0.05, 0.1, basis="b", reason="y")

    assert tightened(mine, other).basis == "b"
    assert tightened(other, mine).basis == "b"
    assert tightened(mine, rule(0.05, 0.3, basis="b")).basis == "b; a"
    assert tightened(mine, rule(0.1, 0.2, basis="b")).basis == "b"


def test_a_policy_with_packs_reads_as_one_file_and_as_the_same_policy():
    text = with_packs(policy_text(1), [pack_text(n) for n in pack_names()])

    assert read(text) == read(text + "\n")
    assert len(tomllib.loads(text)["packs"]) == len(pack_names())
    assert text.startswith(policy_text(1).rstrip())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (('check = "BIA101"', 'check = "PRF102"'), "PRF102 is none"),
        (('metric = "selection_ratio"', 'metric = "selection_rati"'), "did you mean 'selection_ratio'"),
        (('says = "', 'say = "'), "unknown key 'say'; did you mean 'says'"),
        (('BIA104 = "always"', 'LEK101 = "always"'), "is no check of bias"),
        (('BIA104 = "always"', 'BIA104 = "never"'), "must be one of"),
        (('basis = "29 CFR 1607.4(D)"\n', ""), "has no basis"),
    ],
)
def test_a_wrong_pack_is_told_what_is_wrong(spoil, message):
    text = pack_text("us-employment")
    assert spoil[0] in text

    with pytest.raises(PolicyError, match=re.escape(message)):
        read(with_packs(policy_text(2), [text.replace(*spoil, 1)]))


def test_a_pack_laid_twice_and_a_text_that_cannot_stand_inside_another_are_refused():
    twice = [pack_text("uk"), pack_text("uk")]
    with pytest.raises(PolicyError, match="pack 'uk' stands there twice"):
        read(with_packs(policy_text(2), twice))
    with pytest.raises(PolicyError, match="not valid TOML"):
        with_packs(policy_text(2), ["id = "])
    with pytest.raises(PolicyError, match="put it plainly"):
        with_packs(policy_text(2), ['id = "x"\nsays = """\n[required]\n"""\n'])


ONE = '[[limits]]\ncheck = "BIA102"\nmetric = "tpr_gap"\nworse = "above"\nfail = 0.1\nbasis = "b"\nreason = "r"\n'
TWO = f'id = "x"\nversion = "1"\ntier = 2\n{ONE}{ONE.replace("fail = 0.1", "warn = 0.05")}'


@pytest.mark.parametrize("text", [TWO, with_packs(policy_text(2), [f"{pack_text('uk')}\n{ONE}{ONE}"])])
def test_two_limits_on_one_metric_are_refused(text):
    """A pack was laid over the last of them and the other was gone: a Fail became Attention."""
    with pytest.raises(PolicyError, match=r"limit \d+: BIA102 tpr_gap above is limit \d+ already; write warn and fail"):
        read(text)
    assert read(TWO.replace('"above"', '"below"', 1)).rules


def test_unknown_names_come_with_the_nearest_known_one():
    assert pack_problems(["us-employment", "own.toml"]) == []
    assert "did you mean 'us-employment'?" in pack_problems(["us-employmnt"])[0]
    assert "known: eu-ai-act" in pack_problems(["zzz"])[0]
    assert pack_problems(["uk", "uk"]) == ["[policy] packs: 'uk' is named twice"]
    with pytest.raises(PolicyError, match="there is no policy pack 'us'"):
        pack_text("us")
