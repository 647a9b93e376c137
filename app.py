"""The dashboard: names the pages and draws the shell around them; nothing else."""

import streamlit as st

from pages._shell import only_here, settle, sidebar, titles

st.set_page_config(page_title="Seatrial", page_icon="⛵", layout="wide")
only_here()
st.session_state["_shell"] = True
settle()
title = titles()


def page(name: str, *, default: bool = False) -> st.Page:
    """One page of the menu; its address is its file's name."""
    return st.Page(f"pages/{name}.py", title=title[name], url_path="" if default else name, default=default)


chosen = st.navigation(
    {
        "Trial": [page("home", default=True), page("setup"), page("overview")],
        "Performance": [page("performance"), page("slices"), page("backtest"), page("fit")],
        "Data": [page("feature_drift"), page("prediction_drift"), page("quality"), page("leakage"), page("pipeline")],
        "Behaviour": [page("importance"), page("noise"), page("stress"), page("bias")],
        "Decide": [page("compare"), page("snapshot")],
    },
    expanded=True,
)
sidebar()
chosen.run()
