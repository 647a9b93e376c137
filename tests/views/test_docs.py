import pytest

from validators.catalog import catalog
from validators.views.docs import HEADINGS, check_text, check_texts


def test_every_check_of_the_catalog_has_its_text_read_without_being_imported():
    assert set(check_texts()) == {c.code for c in catalog()}


@pytest.mark.parametrize("check", catalog(), ids=lambda c: c.code)
def test_the_text_on_the_page_is_that_of_the_check(check):
    held = check_texts()[check.code]

    assert held.question.endswith("?")
    assert set(held.parts) >= set(HEADINGS[:3])
    words = " ".join(check.doc.split())
    assert all(part in words for part in held.parts.values())


def test_a_text_is_cut_at_its_underlined_headings():
    held = check_text(
        "ABC1: is it?\n\nWhy it matters\n--------------\nBecause\nof this.\n\nSources\n-------\nA - B (1999).\n"
    )

    assert (held.code, held.question) == ("ABC1", "is it?")
    assert held.parts == {"Why it matters": "Because of this.", "Sources": "A - B (1999)."}
