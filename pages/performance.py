"""Performance: is it good enough, does it beat the prior, do its scores mean what they say, and where to cut?"""

import streamlit as st
from validators.core.errors import SeatrialError
from validators.views import cohort, fmt, reading, threshold
from validators.views.pages import charts_of

from pages._cohort import chosen_slice
from pages._shell import (
    Open,
    colours,
    ensure_shell,
    need_run,
    show_chart,
    show_charts,
    show_checks,
    show_family_head,
    show_table,
    summaries,
)

ensure_shell()
FAMILY = "performance"


@st.cache_resource(max_entries=8, show_spinner=False)
def counted(_held: Open, digest: str) -> dict[str, threshold.Cuts]:  # noqa: ARG001 - the digest is the key
    """Decisions of both models at every cut; a move of the slider only looks them up."""
    stored, grid = summaries(_held, "test:outcomes/all", "test:totals")
    return {m: c for m in ("candidate", "prior") if (c := threshold.cuts_of(stored, grid, m)) is not None}


@st.fragment
def cut(held: Open) -> None:
    """Decisions at a threshold that the reader moves; counted from the run's score histogram."""
    task = held.document["project"]["task"]
    try:
        cuts = counted(held, held.digest)
    except SeatrialError as error:
        st.info(fmt.markdown(error))
        return
    if task["type"] != "binary" or "candidate" not in cuts:
        return
    st.header("Where to cut")
    asked = st.slider("Threshold", 0.0, 1.0, float(task["threshold"]), 0.005, key="pf_threshold", bind="query-params")
    decisions = {model: threshold.decide(c, asked) for model, c in cuts.items()}
    st.caption(
        f"Decided positive from a score of {decisions['candidate'].threshold:.4g}, the first cut from there on that was counted."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_chart(threshold.curve(cuts["candidate"], asked, colours()), FAMILY)
    with right:
        st.markdown("**Rates at this threshold**")
        rates = threshold.rate_table(decisions, worth=cuts["candidate"].worth)
        show_table(rates, "pf_rates", alt="Precision, recall and other rates at the threshold.")
        matrix = threshold.confusion_table(decisions, task["positive"])
        show_table(matrix, "pf_confusion", alt="Confusion matrix at the threshold.")


def of_slice(held: Open) -> None:
    """Metrics of the slice that the sidebar names; counted from the run's outcomes by slice."""
    chosen = chosen_slice(held)
    if chosen is None:
        return
    try:
        stored, grid = summaries(held, "test:outcomes/slice", "test:outcomes/all")
    except SeatrialError as error:
        st.info(fmt.markdown(error))
        return
    chart = cohort.chart(held.document, stored, grid, chosen[0], colours())
    if chart is None:
        st.info("This run did not count the slice: run the trial again to see its metrics.")
        return
    show_chart(chart, FAMILY)


held = need_run()
show_family_head(held, FAMILY)
st.page_link("pages/slices.py", label="Slices: where is it worse than it should be?", icon=":material/arrow_forward:",
             query_params={"project": held.id})  # fmt: skip
of_slice(held)
show_charts(charts_of(held.document, FAMILY, colours()), FAMILY)
cut(held)
show_checks(held, [r for r in reading.results(held.document, FAMILY) if not r["check"].startswith("PRF2")])
