"""Signing on the page: contents with digests, the key and its passphrase, and what was signed before."""

from datetime import UTC, datetime

import streamlit as st
from validators.engine.places import Open, home
from validators.snapshot.build import build_snapshot, describe
from validators.snapshot.keys import load_private, new_key, own_keys
from validators.views import fmt, verification
from validators.views.words import OVERALL

from pages._shell import badge, told


def sign(held: Open) -> None:
    """Contents with digests, the key, the passphrase, and the files that were signed before."""
    folder = home() / "snapshots" / f"{held.id}-{held.digest[:12]}"
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(held.document["verdict"], OVERALL[held.document["verdict"]])
        st.markdown("The verdict is signed as it is; a snapshot of a failed run is as valid as any.", width="stretch")
    points = verification.open_points(held.document)
    if points:
        one = len(points) == 1
        with st.expander(f"{len(points)} required {'check is' if one else 'checks are'} not settled"):
            st.markdown("\n".join(f"- {fmt.markdown(p)}" for p in points))
    contents = verification.content_rows(describe(held.run))
    st.dataframe(
        fmt.cells(contents), key="contents", hide_index=True, alt="What will be signed: members with size and SHA-256."
    )
    keys = own_keys(home())
    if keys:
        with st.form("sign"):
            key = st.selectbox("Key", keys, key="sn_key")
            phrase = st.text_input("Passphrase", type="password", key="sn_phrase", autocomplete="off")
            asked = st.form_submit_button("Sign and build", type="primary")
        if asked:
            with st.spinner("Signing"), told():
                private = load_private(key, phrase.encode(), home())
                now = datetime.now(UTC)
                place = folder / f"{now:%Y%m%dT%H%M%S.%fZ}"
                place.mkdir(parents=True)
                build_snapshot(held.run, private_key=private, out=place, created=now)
    else:
        st.info("You have no signing key yet. Make one below; its passphrase is asked for at each signature.")
    for file in sorted(folder.glob("*/*.zip"), reverse=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            label = f"Download {file.name}"
            st.download_button(
                label, file.read_bytes(), file.name, "application/zip", key=f"get_{file.parent.name}", on_click="ignore"
            )
            st.caption(f"Signed {verification.signed_at(file.parent.name)}, {fmt.size(file.stat().st_size)}")
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
