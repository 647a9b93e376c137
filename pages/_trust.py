"""The panel that says whether the checks of a page can be trusted on these data."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from validators.engine.places import Open
from validators.views import fmt
from validators.views.trust import CAPTION, planted, read_self_test, trust_sentence, trust_table, untested

from pages._charts import show_table


def show_trust(held: Open, results: Sequence[dict[str, Any]]) -> None:
    """Self-test of some checks: alarms without a fault, planted faults found, rows used and changed."""
    if not results:
        return
    st.header("Self-trust")
    found = read_self_test(held.run)
    st.markdown(fmt.markdown(trust_sentence(found, results)))
    table = trust_table(found, results)
    if table.rows:
        show_table(table, "self_trust", alt="Self-test of the checks")
        st.caption(CAPTION)
        st.caption("What was planted\n" + "\n".join(f"- {fmt.markdown(line)}" for line in planted(found, results)))
    lines = untested(found, results)
    if lines:
        st.caption("Not self-tested\n" + "\n".join(f"- {fmt.markdown(line)}" for line in lines))
