"""Prediction drift: whose score or decision changes, and by how much?"""

import streamlit as st
from validators.core.errors import SeatrialError
from validators.views import prediction_drift, reading

from pages._shell import colours, ensure_shell, need_run, show_charts, show_checks, show_family_head, summaries

ensure_shell()
FAMILY = "prediction_drift"

held = need_run()
show_family_head(held, FAMILY)
charts = prediction_drift.charts(held.document, colours())
try:
    scores = prediction_drift.score_chart(*summaries(held, "test:outcomes/all", "reference:outcomes/all"), colours())
except SeatrialError as error:
    st.info(f"The score distributions are not shown: {error}")
    scores = None
show_charts(charts[:1] + ([scores] if scores else []) + charts[1:], FAMILY)
show_checks(held, reading.results(held.document, FAMILY))
