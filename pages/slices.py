"""Slices: where is it worse than it should be?"""

import streamlit as st
from validators.engine.places import Open
from validators.views import reading, sentences, slices
from validators.views.subject_words import subject_words
from validators.views.words import VERDICTS, metric_label

from pages._cohort import save_slice, show_slice
from pages._shell import colours, ensure_shell, need_run, show_chart, show_checks, show_head, show_table

ensure_shell()
WITH_SELECTION = {"scrollZoom": False, "displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"]}


@st.fragment
def explore(held: Open, names: list[str]) -> None:
    """Controls, the chart whose selection filters, and the table that it filters."""
    document = held.document
    one, two, three, four = st.columns([2, 2, 2, 3], vertical_alignment="bottom")
    metric = one.selectbox("Metric", names, key="sl_metric", bind="query-params", format_func=metric_label)
    most = max(slices.largest(document), 1)
    rows = two.slider("Min rows", 0, most, 0, max(most // 100, 1), key="sl_rows", bind="query-params")
    kinds = {"all": "all", "declared": "declared", "searched": "found"}
    which = three.segmented_control(
        "Slices", list(kinds), default="all", key="sl_kind", bind="query-params", format_func=kinds.__getitem__
    )
    wanted = four.pills("Verdict", ["FAIL", "WARN", "INCONCLUSIVE", "PASS"], selection_mode="multi", key="sl_verdict",
                        bind="query-params", format_func=lambda v: VERDICTS[v].word)  # fmt: skip
    found = slices.chosen(document, metric, min_rows=rows, verdicts=wanted, search=which or "all")
    chart = slices.chart(document, found, colours())
    if chart is None:
        st.info("No slice is left. Lower the number of rows or choose other verdicts.")
        return
    event = show_chart(
        chart, "sl", table=False, on_select="rerun", selection_mode=("points", "box"), config=WITH_SELECTION
    )
    only = {p["customdata"][0] for p in event["selection"]["points"] if p.get("customdata")} if event else set()
    st.markdown(f"**{len(only) or len(found)} of {len(found)} slices{' selected' if only else ''}**")
    table = slices.table(document, found, only)
    show_table(table, "sl_table", alt=f"{len(table.rows)} slices with all their metrics.")
    if only:
        with st.popover("Save as slice"):
            subject = st.selectbox("Slice to save", sorted(only), key="sl_one", format_func=subject_words)
            save_slice(held, slices.condition(subject))


held = need_run()
results = [r for r in reading.results(held.document, "performance") if r["check"].startswith("PRF2")]
if not results:
    st.title("Slices")
    st.info('Not run: no check of slices is in the plan. Declare slices under [slices], or run suite "release".')
    st.stop()
results.sort(key=lambda r: list(VERDICTS).index(reading.verdict_of(r)))
show_head(
    "Slices", "Where is it worse than it should be?", reading.verdict_of(results[0]), sentences.result_sentence(results[0]),
    sentences.open_ends(results[0]),
)  # fmt: skip
show_slice(held, "performance")
names = slices.choices(held.document)
if names:
    explore(held, names)
show_checks(held, results)
