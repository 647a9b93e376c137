"""What a user does, in a real browser: look, filter, upload, run, reload, cancel, sign, verify."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.pages.runs import project, run
from tests.views.documents import document, r
from validators.engine.places import SAMPLES

from .conftest import browsed, choose, idle, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("e2e") / "home"
    run(project(folder))
    project(folder, "fresh")
    sliced = project(folder, "sliced")
    held = document()
    held["project"]["slices"] = {"young_eu": "age<25 & region==EU"}
    run(sliced, held)
    run(project(folder, "narrow"), document(r("PRF102", "performance", "PASS", []), verdict="INCOMPLETE"))
    shutil.copytree(SAMPLES / "credit", folder / "projects" / "long", ignore=shutil.ignore_patterns("results"))
    return folder


@pytest.fixture(scope="module")
def address(home):
    with served(home) as held:
        yield held


@pytest.fixture
def page(chromium, address):
    with browsed(chromium, address) as held:
        yield held


def go(page, address, path, **query):
    page.goto(f"{address}/{path}?" + "&".join(f"{k}={v}" for k, v in query.items()))
    idle(page)


def test_home_opens_a_project_and_the_menu_keeps_it(page, address):
    go(page, address, "")
    page.locator(".st-key-open_my-credit").get_by_role("button").click()

    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.locator(".st-key-verdict")).to_contain_text("Failed")
    page.locator("[data-testid=stSidebarNavLink]").filter(has_text="Feature drift").click()
    expect(page.get_by_role("heading", name="Feature drift", exact=True)).to_be_visible()
    idle(page)
    assert "project=my-credit" in page.url


def test_a_slice_is_chosen_once_and_every_page_speaks_of_it(page, address):
    go(page, address, "slices", project="my-sliced")
    choose(page, "slice", "young_eu")

    expect(page.locator(".st-key-cohort")).to_contain_text("2 numbers here are about this slice")
    page.locator("[data-testid=stSidebarNavLink]").filter(has_text="Noise").click()
    expect(page.get_by_role("heading", name="Noise", exact=True)).to_be_visible()
    expect(page.locator(".st-key-cohort")).to_contain_text("No check here measured this slice")
    idle(page)
    assert "slice=young_eu" in page.url


def test_two_runs_are_compared_and_another_policy_is_tried(page, address):
    go(page, address, "compare", project="my-sliced")
    choose(page, "cm_a", "my-credit ·")
    expect(page.locator(".st-key-verdict").first).to_contain_text("Nothing differs")

    page.get_by_role("tab", name="Another policy").click()
    expect(page.get_by_text("Nothing is measured again")).to_be_visible()
    expect(page.get_by_role("heading", name="Measurements that differ")).to_be_visible()


def test_the_menu_of_a_deep_link_marks_the_families_that_were_not_run(page, address):
    go(page, address, "overview", project="my-narrow")

    expect(page.locator("[data-testid=stSidebarNavLink]").filter(has_text="Bias · not run")).to_be_visible()
    expect(page.locator(".st-key-tile_bias")).to_contain_text("No check of this family")


def test_a_click_on_a_dot_filters_the_table_and_a_second_click_frees_it(page, address):
    go(page, address, "slices", project="my-credit")
    expect(page.get_by_text("2 of 2 slices")).to_be_visible()
    page.wait_for_selector(".js-plotly-plot .main-svg")
    idle(page)

    # the last trace is the candidate's; its first dot lies apart from the others
    dots = page.locator(".st-key-sl_slices .scatterlayer .trace").last.locator(".points path.point")
    box = dots.first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(page.get_by_text("1 of 2 slices selected")).to_be_visible()


def test_a_box_on_the_chart_selects_all_in_it(page, address):
    go(page, address, "slices", project="my-credit")
    chart = page.locator(".st-key-sl_slices")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    idle(page)
    chart.hover()
    chart.locator(".modebar-btn[data-title='Box Select']").click()
    area = chart.locator(".nsewdrag").first.bounding_box()

    page.mouse.move(area["x"] + 4, area["y"] + 4)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 4, area["y"] + area["height"] - 4, steps=8)
    page.mouse.up()

    expect(page.get_by_text("2 of 2 slices selected")).to_be_visible()


def test_an_upload_becomes_a_project_that_runs(page, address, home):
    go(page, address, "setup")
    page.locator(".st-key-su_name input").fill("Uploaded here")
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(home / "projects" / "fresh" / "test.csv")
    expect(page.get_by_text("test.csv").first).to_be_visible()
    page.get_by_role("button", name="Copy into a new project").click()

    expect(page.get_by_role("heading", name="my-uploaded-here")).to_be_visible()
    expect(page.get_by_text("What was guessed, and why")).to_be_visible()
    assert (home / "projects" / "uploaded-here" / "seatrial.toml").is_file()
    page.get_by_role("button", name="Run the checks").click()

    expect(page.get_by_role("button", name="Show the results")).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Show the results").click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_text("What was not tested")).to_be_visible()


def test_a_job_outlives_a_reload_and_can_be_cancelled(page, address, home):
    go(page, address, "setup", project="my-long")
    page.locator(".st-key-su_suite_my-long").get_by_text("release").click()
    page.get_by_role("button", name="Run the checks").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert "job=" in page.url

    page.reload()
    idle(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Nothing was written; the project is as it was")).to_be_visible()
    expect(page.get_by_role("button", name="Run the checks")).to_be_enabled()
    assert not list((home / "projects" / "long" / "runs").glob("*/results.json"))


def test_a_run_is_signed_downloaded_verified_and_a_changed_copy_is_not(page, address, home, tmp_path):
    go(page, address, "setup", project="my-fresh")
    page.get_by_role("button", name="Run the checks").click()
    expect(page.get_by_role("button", name="Show the results")).to_be_visible(timeout=120_000)
    go(page, address, "snapshot", project="my-fresh")
    page.get_by_text("A new key").click()
    page.locator(".st-key-sn_name input").fill("ann")
    page.locator(".st-key-sn_new input").fill("correct horse battery")
    idle(page)
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("Made ann")).to_be_visible()
    page.locator(".st-key-sn_phrase input").fill("correct horse battery")
    page.get_by_role("button", name="Sign and build").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=".seatrial.zip").click()
    good = tmp_path / download.value.suggested_filename
    download.value.save_as(good)
    bad = tmp_path / "bad.seatrial.zip"
    bad.write_bytes(damaged(good))

    for file, words in ((good, "Signature valid, every member matches"), (bad, "Not valid: do not rely on this file")):
        go(page, address, "snapshot", project="my-fresh")
        page.get_by_role("tab", name="Verify").click()
        page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(file)
        expect(page.get_by_text(words)).to_be_visible()


def damaged(file: Path) -> bytes:
    """The same archive with one character of the policy changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, content.replace(b"tier = 2", b"tier = 3") if info.filename == "policy.toml" else content)
    return out.getvalue()


@pytest.mark.parametrize("path", ["overview", "slices", "noise", "snapshot", "setup"])
def test_nothing_is_wider_than_a_phone(chromium, address, path):
    with browsed(chromium, address, viewport=PHONE) as page:
        go(page, address, path, project="my-credit")
        page.wait_for_timeout(500)

        wider = page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth }"
        )
        assert wider <= 0


def test_dark_mode_draws_the_candidate_in_its_dark_colour(chromium, address):
    with browsed(chromium, address, color_scheme="dark") as page:
        go(page, address, "feature_drift", project="my-credit")
        page.wait_for_selector(".js-plotly-plot .main-svg")

        fill = page.locator(".scatterlayer .trace .points path.point").first.evaluate("e => getComputedStyle(e).fill")
        assert fill == "rgb(86, 180, 233)"


def test_from_home_with_a_project_open_the_button_leads_to_set_up(page, address):
    go(page, address, "", project="my-credit")
    page.get_by_role("button", name="Add my model and data").click()

    expect(page.get_by_role("heading", name="Set up", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="my-credit")).to_be_visible()
