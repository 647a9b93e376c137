"""Snapshot: what exactly was tested, by whom, and can anyone check it?"""

import streamlit as st
from validators.engine.places import home
from validators.engine.scratch import scratch
from validators.snapshot.verify import verify_snapshot
from validators.views import fmt, verification

from pages._shell import ensure_shell, opened_or_none, told
from pages._signing import make_key, sign

ensure_shell()


def check() -> None:
    """Verify an uploaded snapshot: who, what, when, and every member that was changed, added or removed."""
    given = st.file_uploader("A snapshot (.seatrial.zip)", type="zip", key="sn_file", max_upload_size=200)
    if given is None:
        return
    with told(), scratch(home()) as folder:
        file = folder / "snapshot.seatrial.zip"
        file.write_bytes(given.getvalue())
        found = verify_snapshot(file, trust=home() / "trust").as_json()
        sentence, colour, sign_of = verification.headline(found)
        st.badge(f"{sign_of} {sentence}", color=colour)
        for message in found["messages"]:
            st.markdown(fmt.markdown(message))
        st.dataframe(
            fmt.cells(verification.facts(found)), key="facts", hide_index=True, alt="Who signed what, and when."
        )
        rows = verification.member_rows(found)
        if rows:
            st.dataframe(fmt.cells(rows), key="members", hide_index=True, alt="Every member with its state.")


st.title("Snapshot")
st.markdown("What exactly was tested, by whom, and can anyone check it?")
held = opened_or_none()
signing, checking = st.tabs(["Sign", "Verify"], key="sn_tab", bind="query-params", on_change="rerun")
with signing:
    if held is None:
        st.info("Open a project with a run to sign it.")
        st.page_link("pages/home.py", label="Open a sample project")
    else:
        sign(held)
    if made := st.session_state.pop("_made", None):
        st.success(fmt.markdown(made))
    with st.expander("A new key"):
        make_key()
with checking:
    check()
    st.caption(verification.ELSEWHERE)
