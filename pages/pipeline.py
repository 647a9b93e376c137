"""Pipeline: what production does otherwise, in words, before any chart."""

import streamlit as st
from validators.views import fmt, pipeline, reading

from pages._charts import colours, show_charts
from pages._shell import ensure_shell, need_run, show_checks, show_family_head

ensure_shell()
MOST = 12

held = need_run()
show_family_head(held, pipeline.FAMILY)
found = pipeline.diagnoses(held.document)
if found:
    st.header("What production does otherwise")
    st.markdown("\n".join(f"- {fmt.markdown(words)}" for words in found[:MOST]))
    if len(found) > MOST:
        st.caption(f"{len(found) - MOST} more stand under Checks.")
show_charts(pipeline.charts(held.document, colours()), pipeline.FAMILY)
show_checks(held, reading.results(held.document, pipeline.FAMILY))
