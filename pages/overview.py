"""Overview: is it fit to deploy, and what stands in the way?"""

import streamlit as st
from validators.views import fmt, reading, sentences, tables
from validators.views.words import FAMILIES, OVERALL

from pages._charts import show_words
from pages._cohort import show_slice
from pages._jobs import same_numbers
from pages._shell import badge, ensure_shell, need_run

ensure_shell()
held = need_run()
document = held.document

st.title("Overview")
st.markdown("Is it fit to deploy, and what stands in the way?")
with st.container(border=True, key="verdict"):
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(document["verdict"], OVERALL[document["verdict"]])
        st.markdown(f"**{fmt.markdown(sentences.overall_sentence(document))}**", width="stretch")
    st.caption(fmt.markdown(sentences.project_sentence(document)))
if reading.unconfined(document):
    st.error(fmt.markdown(sentences.isolation_sentence(document["environment"])))
show_slice(held)


def link(family: str) -> None:
    """To the page of a family."""
    title, arrow = FAMILIES[family].title, ":material/arrow_forward:"
    st.page_link(
        f"pages/{family}.py", label=title, icon=arrow, icon_position="right", query_params={"project": held.id}
    )


families = reading.all_families(document)
for at in range(0, len(families), 3):
    for column, family in zip(st.columns(3), families[at : at + 3], strict=False):
        with column, st.container(border=True, height="stretch", key=f"tile_{family}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                badge(reading.family_verdict(document, family))
                link(family)
            tile = sentences.tile(document, family)
            bounds = f" :small[{fmt.markdown(tile.bounds)}]" if tile.bounds else ""
            st.markdown(f"## {fmt.markdown(tile.value)}{bounds}")
            lines = (tile.what, tile.note, tile.limit, tile.shows, tile.besides)
            st.caption("  \n".join(fmt.markdown(line) for line in lines if line))

if held.run.name == "results":
    st.page_link("pages/setup.py", label="Recompute these results", query_params={"project": held.id})
same_numbers(held)
st.header("Checks")
st.dataframe(
    fmt.cells(tables.check_rows(document)),
    key="checks",
    hide_index=True,
    column_config={
        "Value": st.column_config.TextColumn(width=80),
        "Interval": st.column_config.TextColumn(width=140),
        "Limit": st.column_config.TextColumn(width=260),
        "Seconds": st.column_config.NumberColumn(format="%.2f"),
        "n": st.column_config.NumberColumn(format="localized"),
    },
    placeholder=fmt.NONE,
    alt="Every check with its verdict, the worst first.",
)
left = tables.not_tested_rows(document)
st.header("What was not tested")
if left:
    show_words(left, alt="What was not tested, and why.")
else:
    st.markdown("Everything in the catalog was run.")
st.caption(fmt.markdown(sentences.isolation_sentence(document["environment"])))
st.caption(f"Run {fmt.markdown(document['run']['id'])}, {fmt.moment(document['run']['started'])}")
