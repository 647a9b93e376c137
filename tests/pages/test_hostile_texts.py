"""What a project's author writes is text on pages."""

import pytest

from tests.security.hostile import TEXTS
from tests.security.test_texts import infected

from .runs import project, run
from .test_pages import opened, words


@pytest.mark.parametrize("page", ["overview", "feature_drift", "compare"])
def test_on_a_page_no_text_of_the_author_formats_links_or_loads(home, page):
    text = " ".join(
        TEXTS[n] for n in ("script", "Markdown image beacon", "Markdown link", "LaTeX link", "direction override")
    )
    run(project(home), infected(text))
    shown = words(opened(page, "my-credit"))

    for active in ("<script>", "![x](", "[click](", "$\\href", "\u202e"):
        assert active not in shown
    if page == "feature_drift":
        assert "evil" in shown or "alert" in shown, "it is not shown at all: the test has no control"
