"""Compare: what differs between two runs or snapshots, and what would another policy say?"""

from contextlib import nullcontext

import streamlit as st
from validators.catalog import metrics
from validators.core.records import Family
from validators.engine.places import home
from validators.engine.results import judged_again
from validators.engine.scratch import scratch
from validators.io.policies import TIERS, digest_of, policy_text, read_policy
from validators.views.diff import difference
from validators.views.setup import TIERS as TIER_WORDS

from pages._difference import details, heading, read, show, sides
from pages._shell import ensure_shell, opened_or_none, told

ensure_shell()
OWN = "A policy file of your own"


def two() -> None:
    """Two runs side by side."""
    known, held = sides(), opened_or_none()
    names, now = list(known), "" if held is None else f"{held.id} · {held.run.name}"
    before = names[names.index(now) + 1 :][:1] if now in known else []
    first = before[0] if held is not None and before and before[0].startswith(f"{held.id} · ") else None
    shipped = "" if held is None else f"{held.id.removeprefix('my-')} · results"
    first = shipped if first is None and shipped != now else first
    sides_ = (("cm_a", "A, before", first), ("cm_b", "B, after", now))
    for column, (key, label, chosen) in zip(st.columns(2, gap="medium"), sides_, strict=True):
        at = names.index(chosen) if chosen in known else None
        column.selectbox(label, names, index=at, key=key, bind="query-params", placeholder="Choose a run or a snapshot")
    a, b = st.session_state["cm_a"], st.session_state["cm_b"]
    with st.expander("A snapshot from a file, as A"):
        given = st.file_uploader("A snapshot (.seatrial.zip)", type="zip", key="cm_file", max_upload_size=200)
        st.caption("Its digests are checked; whose signature it is, is not: the page Snapshot verifies.")
    left = right = None
    with told(), nullcontext() if given is None else scratch(home()) as folder:
        if given is not None:
            known["given"], a = folder / "snapshot.zip", "given"
            known["given"].write_bytes(given.getvalue())
        left, right = read(known, a), read(known, b)
    if left is None or right is None:
        st.info("Choose two runs or snapshots: A is the earlier one.")
        return
    show(difference(left, right))


def policies() -> None:
    """Which verdicts another policy changes."""
    held = opened_or_none()
    if held is None:
        st.info("Open a project with a run to judge it by another policy.")
        return
    tier = held.document["policy"]["tier"]
    choices = [*sorted(TIERS, key=lambda t: (t == tier, t)), OWN]
    asked = st.selectbox(
        "Policy",
        choices,
        key="cm_policy",
        format_func=lambda t: f"House policy, tier {TIER_WORDS[t]}" if t in TIERS else t,
    )
    given = st.file_uploader("A policy (.toml)", type="toml", key="cm_toml") if asked == OWN else None
    if asked == OWN and given is None:
        return
    with told():
        text = policy_text(asked) if given is None else given.getvalue().decode("utf-8", "replace")
        policy = read_policy(text, name="policy", metrics=metrics(), families=tuple(f.value for f in Family))
        found = difference(held.document, judged_again(held.document, policy, digest_of(text)))
        st.caption(
            "A is the policy of the run, B the one chosen here. Nothing is measured again, and the run keeps its verdict."
        )
        heading(found)
        details(found, "cm_p")


st.title("Compare")
st.markdown("What differs between two runs, and what would another policy say?")
one, other = st.tabs(["Two runs", "Another policy"], key="cm_tab", bind="query-params", on_change="rerun")
if one.open:
    with one:
        two()
if other.open:
    with other:
        policies()
