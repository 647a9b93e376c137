"""A deep link into a fresh server: Streamlit would run the page alone, without menu and project."""

import pytest
from playwright.sync_api import expect

from tests.pages.runs import project, run

from .conftest import browsed, idle, served

pytestmark = pytest.mark.browser


def test_a_deep_link_into_a_fresh_server_shows_the_menu_and_the_page(chromium, tmp_path):
    home = tmp_path / "home"
    run(project(home))

    with served(home) as address, browsed(chromium, address) as page:
        page.goto(f"{address}/slices?project=my-credit&sl_rows=100")
        idle(page)

        expect(page.get_by_role("heading", name="Slices", exact=True)).to_be_visible()
        expect(page.locator("[data-testid=stSidebarNavLink]").filter(has_text="Overview")).to_be_visible()
        expect(page.locator("[data-testid=stNavSectionHeader]").first).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("1 of 1 slices")).to_be_visible()
        assert "project=my-credit" in page.url
        assert "sl_rows=100" in page.url
