import re
from html.parser import HTMLParser

import pytest

from validators.views.report import STYLE, report_html

from .documents import document, feature_drift, limit, performance, r, ranged, skipped

VOID = {"meta", "circle", "line"}


class Strict(HTMLParser):
    """Raises on a tag that is not closed, on script, links and event handlers."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not [a for a, _ in attrs if a.startswith("on") or a in ("src", "href", "style")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    held = Strict()
    held.feed(page)
    assert held.open == []
    return held


def test_the_page_is_well_formed_and_has_no_script_link_or_image():
    held = parsed(report_html(document()))

    assert not held.seen & {"script", "link", "img", "iframe", "object", "form", "a"}


def test_names_of_the_user_are_text():
    page = report_html(document())

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "&lt;b&gt;bold" in page


def test_the_policy_of_the_page_allows_its_own_style_only():
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', report_html(document()))

    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe-inline" not in policy
    assert f"<style>{STYLE}</style>" in report_html(document())


def test_verdict_digests_values_limits_and_what_was_not_tested_are_there():
    page = report_html(document())

    for expected in ("✕ Failed", "b" * 64, "d" * 64, "[0.370, 0.510]", "attention above 0.15, fail above 0.3", "1,000",
                     "no check of this family is built", "error: ValueError: no rows", "A metric nobody knows"):  # fmt: skip
        assert expected in page


def test_an_interval_below_the_usual_level_says_so():
    page = report_html(
        document(r("PRF102", "performance", "PASS", [ranged("auc_loss", "model", 0.02, 0.01, level=0.9)]))
    )

    assert page.count("[0.010, 0.030] (90 %)") == 1
    assert "90 %" not in report_html(document(r("PRF101", "performance", None, [ranged("auc", "model", 0.8, 0.1)])))


def test_the_same_document_gives_the_same_page():
    assert report_html(document()) == report_html(document())


def test_a_long_run_stays_below_a_megabyte_and_a_half_and_says_what_it_leaves_out():
    many = [
        ranged("shift_sigma", f"feature:f{i}", 0.2, 0.1, limit=limit(0.15, 0.3), verdict="INCONCLUSIVE")
        for i in range(3000)
    ]
    page = report_html(document(*[r(f"DRF{i}", "feature_drift", "INCONCLUSIVE", many) for i in range(101, 106)]))

    assert len(page.encode()) < 1_500_000
    assert "2,800 further measurements stand in results.json" in page


@pytest.mark.parametrize("verdict", ["PASSED", "WARNED", "INCOMPLETE", "FAILED"])
def test_every_verdict_has_a_page(verdict):
    parsed(report_html(document(*performance(), *feature_drift(), skipped("X", "noise", "why"), verdict=verdict)))
