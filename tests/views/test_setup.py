import tomllib
from types import SimpleNamespace

import pytest

from validators.views import setup, verification
from validators.views.tables import check_rows

from .documents import document, skipped

TOML = '[model]\nid = "a"\n\n[policy]\n# how much hangs on it\ntier = 2\n'


PROJECTS = [TOML, '[model]\nid = "a"\n', '[policy]\n\n[model]\nid = "a"\n', '[model]\nid="a"\n[policy]\nfile = "p"\n']


@pytest.mark.parametrize("text", PROJECTS)
@pytest.mark.parametrize("tier", [1, 3])
def test_a_tier_is_set_and_nothing_else_is_changed(text, tier):
    before, after = tomllib.loads(text), tomllib.loads(setup.with_tier(text, tier))

    assert after["policy"]["tier"] == tier == setup.tier_of(setup.with_tier(text, tier))
    assert after["model"] == before["model"]
    assert {k: v for k, v in after["policy"].items() if k != "tier"} == {
        k: v for k, v in before.get("policy", {}).items() if k != "tier"
    }


def test_a_tier_in_another_section_is_left_alone():
    text = "[options.X]\ntier = 1\n\n[policy]\ntier = 2\n"

    assert tomllib.loads(setup.with_tier(text, 3)) == {"options": {"X": {"tier": 1}}, "policy": {"tier": 3}}


@pytest.mark.parametrize(
    ("state", "line"), [("running", "Running: DRF101 Feature distributions · 42% · 12 s"), ("done", "Done in 12 s")]
)
def test_a_job_says_what_it_does_and_when_it_is_done(state, line):
    job = SimpleNamespace(
        state=SimpleNamespace(value=state), what="DRF101 Feature distributions", share=0.42, seconds=12.0
    )

    assert setup.job_line(job) == line


def test_the_time_of_a_signature_is_read_off_its_folder():
    assert verification.signed_at("20261125T071931.349699Z") == "2026-11-25 07:19 UTC"


def test_a_job_that_failed_says_why():
    job = SimpleNamespace(state=SimpleNamespace(value="failed"), code=2, message="seatrial: a\nseatrial: no such file")

    assert setup.ended(job) == "The run stopped with exit code 2: no such file"


def test_a_verification_tells_what_is_wrong_first():
    found = {
        "code": 1,
        "messages": [],
        "members": {"a": "ok", "b": "extra", "c": "changed", "d": "missing"},
        "owner": "Jo",
        "verdict": "INCOMPLETE",
        "created_claimed": "2026-11-25T07:19:31+00:00",
    }

    assert [row["State"] for row in verification.member_rows(found)] == ["missing", "changed", "extra", "ok"]
    assert verification.headline(found)[1] == "red"
    facts = {row["What"]: row["Found"] for row in verification.facts(found)}
    assert facts["Members"] == "1 of 4 digests match"
    assert (facts["Verdict"], facts["Created (claimed)"]) == ("Incomplete", "2026-11-25 07:19 UTC")


def test_what_is_not_settled_is_listed_before_signing():
    points = verification.open_points(document())

    assert "BKT103 Title of BKT103 was not run" in points
    assert "PRF103 Title of PRF103 could not tell" in points
    assert not any("PRF102" in p for p in points)


def test_what_is_asked_for_where_it_applies_and_does_not_is_settled():
    held = document(skipped("BIA106", "bias", "the task is binary"), skipped("QUA105", "quality", "no entity"))
    held["plan"]["required"] = {"bias": "if_roles_given", "quality": "always"}

    assert verification.open_points(held) == ["QUA105 Title of QUA105 was not run"]
    needs = {row["Check"]: row["Needed"] for row in check_rows(held)}
    assert needs == {"BIA106 Title of BIA106": "required where it applies", "QUA105 Title of QUA105": "required"}
    held["plan"]["excused"] = ["QUA105"]
    assert verification.open_points(held) == []
