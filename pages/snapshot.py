"""Snapshot: what exactly was tested, by whom, and can anyone check it?"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine.places import home
from validators.snapshot.build import build_snapshot, describe
from validators.snapshot.keys import load_private, new_key, own_keys
from validators.snapshot.verify import verify_snapshot
from validators.views import fmt, verification
from validators.views.words import OVERALL

from pages._shell import Open, badge, ensure_shell, opened_or_none

ensure_shell()


def sign(held: Open) -> None:
    """Contents with digests, the key, the passphrase, and the files that were signed before."""
    folder = home() / "snapshots" / f"{held.id}-{held.digest[:12]}"
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(held.document["verdict"], OVERALL[held.document["verdict"]])
        st.markdown("The verdict is signed as it is; a snapshot of a failed run is as valid as any.", width="stretch")
    points = verification.open_points(held.document)
    if points:
        with st.expander(f"{len(points)} required checks are not settled"):
            st.markdown("\n".join(f"- {fmt.markdown(p)}" for p in points))
    contents = verification.content_rows(describe(held.run))
    st.dataframe(contents, key="contents", hide_index=True, alt="What will be signed: members with size and SHA-256.")
    keys = own_keys(home())
    if keys:
        with st.form("sign"):
            key = st.selectbox("Key", keys, key="sn_key")
            phrase = st.text_input("Passphrase", type="password", key="sn_phrase", autocomplete="off")
            asked = st.form_submit_button("Sign and build", type="primary")
        if asked:
            with st.spinner("Signing"), told():
                folder.mkdir(parents=True, exist_ok=True)
                now = datetime.now(UTC)
                place = folder / f"{now:%Y%m%dT%H%M%SZ}"
                place.mkdir()
                build_snapshot(held.run, private_key=load_private(key, phrase.encode(), home()), out=place, created=now)
    else:
        st.info("You have no signing key yet. Make one below; its passphrase is asked for at each signature.")
    for file in sorted(folder.glob("*/*.zip"), reverse=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            label = f"Download {file.name}"
            st.download_button(
                label, file.read_bytes(), file.name, "application/zip", key=f"get_{file.parent.name}", on_click="ignore"
            )
            st.caption(f"signed {file.parent.name}, {fmt.size(file.stat().st_size)}")
    report = held.run / "report.html"
    if report.is_file():
        st.download_button(
            "Report (.html, no scripts)",
            report.read_bytes(),
            "report.html",
            "text/html",
            key="get_report",
            on_click="ignore",
        )


def make_key() -> None:
    """A key pair of one's own."""
    with st.form("new_key", clear_on_submit=True):
        name = st.text_input("Name of the key", key="sn_name")
        phrase = st.text_input("Passphrase, 8 characters or more", type="password", key="sn_new", autocomplete="off")
        if st.form_submit_button("Make a key"):
            with told():
                made = new_key(name, phrase.encode(), home())
                st.session_state["_made"] = f"Made {made.name}. Give {made.name}.pub.pem to those who verify."
            st.rerun()


def check() -> None:
    """Verify an uploaded snapshot: who, what, when, and every member that was changed, added or removed."""
    given = st.file_uploader("A snapshot (.seatrial.zip)", type="zip", key="sn_file", max_upload_size=200)
    if given is None:
        return
    with tempfile.TemporaryDirectory() as folder, told():
        file = Path(folder) / "snapshot.seatrial.zip"
        file.write_bytes(given.getvalue())
        found = verify_snapshot(file, trust=home() / "trust").as_json()
        sentence, colour, sign_of = verification.headline(found)
        st.badge(f"{sign_of} {sentence}", color=colour)
        for message in found["messages"]:
            st.markdown(fmt.markdown(message))
        st.dataframe(verification.facts(found), key="facts", hide_index=True, alt="Who signed what, and when.")
        rows = verification.member_rows(found)
        if rows:
            st.dataframe(rows, key="members", hide_index=True, alt="Every member with its state.")


class told:  # noqa: N801 - reads as a sentence: with told()
    """Say what went wrong in one sentence instead of a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, SeatrialError):
            st.error(fmt.markdown(error))
            return True
        return False


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
    st.caption(
        "The same in a shell, on any machine: seatrial verify FILE. Without Seatrial: sha256sum -c MANIFEST.sha256, and openssl for the signature."
    )
