"""Feature drift: have the inputs moved since the model was tested?"""

import streamlit as st
from validators.core.errors import SeatrialError
from validators.engine.places import runs_of
from validators.snapshot.earlier import earlier_tests
from validators.views import earlier, feature_drift, fmt, reading, tolerance
from validators.views.chart import Chart

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
FAMILY = "feature_drift"
BASES = ("reference:feature_counts/all", "train:feature_counts/all")


@st.fragment
def one_feature(held: Open) -> None:
    """The histogram of a feature that the reader chooses, the most moved first."""
    ordered = [str(reading.about(m, "feature")) for m in feature_drift.shifted(held.document)]
    names = ordered + [f for f in held.document["project"]["features"] if f not in ordered]
    name = st.selectbox("Feature", names, key="fd_feature", bind="query-params")
    try:
        stored, grid = summaries(held, *(f"{role}:feature_counts/all" for role in ("test", "reference", "train")))
    except SeatrialError as error:
        st.info(fmt.markdown(error))
        return
    chart = feature_drift.histogram(name, stored, grid, colours())
    if chart is None:
        st.info("There is no reference or train data with this feature to compare test with.")
        return
    show_chart(chart, FAMILY)


@st.fragment
def one_tolerance(held: Open) -> None:
    """One slider in sigma for every distance; what would alarm at it."""
    st.header("One tolerance for every distance")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        first = tolerance.start(held.document)
        delta = st.slider("Tolerance (sigma)", tolerance.SMALLEST, tolerance.LARGEST, first, tolerance.STEP, key="fd_sigma",
                          bind="query-params", help="The shift of a normal, in standard deviations.")  # fmt: skip
        try:
            known = tolerance.bases(*summaries(held, *BASES))
        except SeatrialError:
            known = {}
        st.markdown(f"**{tolerance.sentence(held.document, delta)}**")
        st.caption(tolerance.HOW)
    with right:
        show_table(
            tolerance.scale_table(held.document, delta, known), "fd_scale", alt="The tolerance in every distance."
        )
    show_table(tolerance.feature_table(held.document, delta, known), "fd_at", alt="Every feature at this tolerance.")


@st.cache_data(max_entries=16, show_spinner="Reading earlier runs")
def since(_held: Open, digest: str, names: tuple[str, ...], mode: str) -> Chart | None:  # noqa: ARG001 - the key
    """The chart of this test against earlier ones."""
    before, now = earlier_tests(_held.project, _held.run)
    return None if now is None or not before else earlier.trend(before, now, colours())


held = need_run()
show_family_head(held, FAMILY)
charts = feature_drift.charts(held.document, colours())
left, right = st.columns([3, 2], gap="medium")
with left:
    for chart in charts[:1]:
        show_chart(chart, FAMILY)
with right:
    one_feature(held)
trend = since(held, held.digest, tuple(runs_of(held.project)), str(st.context.theme.type))
show_charts([*charts[:0:-1], *([trend] if trend is not None else [])], FAMILY)
if feature_drift.shifted(held.document):
    one_tolerance(held)
show_checks(held, reading.results(held.document, FAMILY))
