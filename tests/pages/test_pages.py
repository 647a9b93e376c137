"""Every page in every state: no exception, and it says what it must."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.views.documents import document, r, skipped
from validators.snapshot.verify import verify_snapshot
from validators.views.pages import page_titles
from validators.views.words import FAMILIES as FAMILY_WORDS

from .runs import project, run

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = list(FAMILY_WORDS)
RESULTS = ["overview", *FAMILIES, "slices"]
PAGES = ["home", "setup", *RESULTS, "compare", "snapshot"]


def opened(page, project_id=None, **more):
    """The app on a page, as a deep link opens it."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    for name, value in {"project": project_id, **more}.items():
        if value is not None:
            at.query_params[name] = value
    at.run()
    if page != "home":
        at.switch_page(f"pages/{page}.py").run()
    assert not at.exception, [e.message for e in at.exception]
    return at


def words(at):
    """All text of a page."""
    held = [
        *at.markdown,
        *at.caption,
        *at.title,
        *at.header,
        *at.subheader,
        *at.info,
        *at.error,
        *at.warning,
        *at.success,
    ]
    return "\n".join(str(e.value) for e in held)


def test_there_is_a_test_for_every_page():
    assert {p.stem for p in (ROOT / "pages").glob("[a-z]*.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_a_project_says_how_to_open_one(home, page):
    at = opened(page)

    assert not at.error
    if page in RESULTS:
        assert "Open a sample project or add a model" in words(at)


@pytest.mark.parametrize("page", RESULTS)
def test_a_project_without_a_run_says_how_to_start_one(home, page):
    project(home)

    assert "no run yet" in words(opened(page, "my-credit"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_a_run(home, page):
    run(project(home))
    at = opened(page, "my-credit")

    assert not at.error
    if page in FAMILIES:
        assert at.title[0].value
        assert at.get("plotly_chart"), "no chart"
        assert len(at.get("plotly_chart")) <= len(at.dataframe), "a chart has no table"


@pytest.mark.parametrize("page", RESULTS)
def test_a_run_in_which_nothing_could_be_run_says_why_everywhere(home, page):
    nothing = [skipped(f"{f[:3].upper()}101", f, "no such data; add it under [data]") for f in FAMILIES]
    run(project(home), document(*nothing, verdict="INCOMPLETE"))
    at = opened(page, "my-credit")

    if page in FAMILIES:
        assert "no such data" in words(at)
        assert "Not run" in words(at)
    assert not at.error


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_cannot_be_read_is_told_in_a_sentence(home, page):
    out = run(project(home))
    (out / "results.json").write_text("{")
    at = opened(page, "my-credit")

    if page in RESULTS:
        assert "cannot be read" in words(at).replace("\\", "")


@pytest.mark.parametrize("page", ["performance", "prediction_drift", "feature_drift"])
def test_without_summaries_the_rest_of_the_page_is_there(home, page):
    out = run(project(home))
    (out / "summaries.json").unlink()
    at = opened(page, "my-credit")

    assert at.get("plotly_chart")
    assert "cannot be read" in words(at).replace("\\", "")


def test_names_of_the_user_are_no_markup_on_any_page(home):
    run(project(home))
    for page in ("overview", "feature_drift"):
        assert "<script>" not in words(opened(page, "my-credit"))


def test_an_unknown_project_in_the_address_opens_nothing(home):
    at = opened("overview", "../../etc")

    assert "Open a sample project or add a model" in words(at)


def test_families_that_were_not_run_say_so_in_the_menu(home):
    held = document(skipped("BKT101", "backtest", "no production data"), r("PRF102", "performance", "PASS", []))

    assert page_titles(held)["backtest"] == "Backtest · not run"
    assert page_titles(held)["performance"] == "Performance"


def test_the_overview_has_a_tile_for_each_of_the_twelve_families_also_for_those_without_a_check(home):
    held = document(r("PRF102", "performance", "PASS", []), verdict="INCOMPLETE")
    run(project(home), held)
    at = opened("overview", "my-credit")

    assert [m.value for m in at.markdown].count("## Not run") == 11
    assert "No check of this family is built in this version" in words(at)
    assert "No check of this family is in suite release" in words(at)


def test_a_tile_tells_number_interval_n_and_the_least_effect_that_it_shows(home):
    run(project(home), document(document()["results"][1]))

    assert "n = 1,000, enough to show an effect of 0.006 or more" in words(opened("overview", "my-credit")).replace(
        "\\", ""
    )


def test_the_tolerance_moves_what_would_alarm_and_not_the_verdict(home):
    run(project(home))
    at = opened("feature_drift", "my-credit")
    assert at.slider(key="fd_sigma").value == 0.15
    assert "At a tolerance of 0.15 sigma 1 of 3 features would alarm" in words(at)

    at.slider(key="fd_sigma").set_value(0.6).run()

    assert "At a tolerance of 0.60 sigma 0 of 3 features would alarm" in words(at)
    assert ":red-badge[✕ Fail]" in words(at)


def sliced(home):
    """A project whose file and run both name a slice, and whose file has gained another since."""
    folder = project(home)
    file = folder / "seatrial.toml"
    file.write_text(file.read_text() + '[slices]\nyoung_eu = "age < 25 & region == EU"\nrich = "income > 60"\n')
    held = document()
    held["project"]["slices"] = {"young_eu": "age<25 & region==EU"}
    run(folder, held)
    return folder


@pytest.mark.parametrize("page", RESULTS)
def test_a_saved_slice_is_looked_at_on_every_page(home, page):
    sliced(home)
    at = opened(page, "my-credit", slice="young_eu")
    said = words(at).replace("\\", "")

    assert "Slice young_eu: age < 25 & region = EU" in said
    assert "2 numbers here are about this slice" in said or "No check here measured this slice. PRF201 did." in said
    assert "of all rows" in said


def test_a_slice_that_the_run_does_not_know_says_so(home):
    sliced(home)

    assert "run the trial again to measure it" in words(opened("performance", "my-credit", slice="rich"))


def test_a_slice_that_is_not_the_projects_is_all_rows(home):
    sliced(home)

    assert "Slice nobody" not in words(opened("noise", "my-credit", slice="nobody"))
    assert opened("home", "my-credit", slice="nobody").selectbox(key="slice").value is None


def test_the_slice_is_let_go_of_when_another_project_is_opened(home):
    sliced(home)
    run(project(home, "other"))
    at = opened("home", "my-credit", slice="young_eu")
    assert at.selectbox(key="slice").value == "young_eu"

    at.selectbox(key="project").set_value("my-other").run()

    assert not at.exception
    assert not [s for s in at.selectbox if s.key == "slice"]


def test_a_slice_is_saved_in_the_project_file(home):
    folder = sliced(home)
    at = opened("slices", "my-credit", sl_metric="Excess loss of a slice")
    point = {"customdata": ["slice:age<25 & region==EU", "hover"]}
    at.session_state["sl_slices"] = {"selection": {"points": [point], "point_indices": [0], "box": [], "lasso": []}}
    at.run()

    at.button(key="sl_save").click().run()

    assert "slice_1 = 'age<25 & region==EU'" in (folder / "seatrial.toml").read_text()
    assert "Saved as slice" in words(at)


def test_the_threshold_moves_the_decisions(home):
    run(project(home))
    at = opened("performance", "my-credit", pf_threshold="0.1")
    table = next(d.value for d in at.dataframe if "True class" in d.value.columns)
    low = table["Decided positive"].sum()

    at.slider(key="pf_threshold").set_value(0.9).run()

    table = next(d.value for d in at.dataframe if "True class" in d.value.columns)
    assert table["Decided positive"].sum() < low


def test_a_selection_on_the_chart_filters_the_table_of_slices(home):
    run(project(home))
    at = opened("slices", "my-credit", sl_metric="Excess loss of a slice")
    assert "2 of 2 slices" in words(at)

    point = {"customdata": ["slice:age<25 & region==EU", "hover"]}
    at.session_state["sl_slices"] = {"selection": {"points": [point], "point_indices": [0], "box": [], "lasso": []}}
    at.run()

    assert "1 of 2 slices selected" in words(at)
    assert at.selectbox(key="sl_one").value == "slice:age<25 & region==EU"


def test_a_check_opens_with_its_numbers_command_and_help(home):
    run(project(home))
    at = opened("feature_drift", "my-credit")
    assert not at.code

    at.session_state["check_DRF101"] = True
    at.run()

    assert any(c.value.endswith("projects/credit --check DRF101") for c in at.code)
    assert "**Why it matters.**" in words(at)


def test_an_inconclusive_check_says_what_would_settle_it_on_its_page(home):
    slope = next(r for r in document()["results"] if r["check"] == "PRF103")
    run(project(home), document(slope, verdict="INCOMPLETE"))

    assert "about 2,250 rows would settle it" in words(opened("performance", "my-credit")).replace("\\", "")


def test_set_up_shows_files_columns_and_a_broken_project_file(home):
    folder = project(home)
    at = opened("setup", "my-credit")
    assert {"What", "File", "Size"} <= set(at.dataframe[0].value.columns)
    assert not at.error

    (folder / "seatrial.toml").write_text("[model]\nid = 1\n")
    assert opened("setup", "my-credit").error


def test_a_key_is_made_and_a_run_is_signed_downloaded_and_verified(home, tmp_path):
    out = run(project(home))
    held = document()
    held["policy"]["sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (out / "results.json").write_text(json.dumps(held))
    at = opened("snapshot", "my-credit")
    assert "no signing key" in words(at)

    at.text_input(key="sn_name").set_value("ann")
    at.text_input(key="sn_new").set_value("correct horse")
    next(b for b in at.button if b.label == "Make a key").click().run()
    assert "Made ann" in words(at)

    at.text_input(key="sn_phrase").set_value("wrong")
    next(b for b in at.button if b.label == "Sign and build").click().run()
    assert "wrong passphrase" in words(at)

    at.text_input(key="sn_phrase").set_value("correct horse")
    next(b for b in at.button if b.label == "Sign and build").click().run()
    assert not at.exception
    (file,) = (home / "snapshots").glob("*/*/*.zip")
    assert verify_snapshot(file, trust=home / "trust").code == 0


def test_the_bias_page_shows_the_packs_of_the_run_and_none_where_none_was_chosen(home):
    held = document()
    limit = {"check": "BIA101", "metric": "selection_ratio", "warn": 0.8, "fail": 0.8, "worse": "below", "null": 1.0,
             "basis": "29 CFR 1607.4(D)", "reason": "Four fifths."}  # fmt: skip
    held["plan"]["packs"] = [
        {"id": "us-employment", "version": "1.0.0", "title": "US employment", "says": "Selection rates.", "as_of": "2026-11-25",
         "sources": ["29 CFR 1607.4(D)"], "limits": [limit]}
    ]  # fmt: skip
    run(project(home), held)
    at = opened("bias", "my-credit")

    assert "Policy packs" in [h.value for h in at.header]
    assert "not legal advice" in words(at)
    assert any("29 CFR 1607.4(D)" in d.value.to_string() for d in at.dataframe)
    run(project(home, "plain"))
    assert "Policy packs" not in [h.value for h in opened("bias", "my-plain").header]


def test_two_runs_are_compared_side_by_side_the_one_before_by_default(home):
    folder = project(home)
    run(folder)
    later = document()
    later["results"][0]["measurements"][0]["value"] += 0.01
    shift = next(r for r in later["results"] if r["check"] == "DRF101")
    shift["verdict"], shift["measurements"][0]["verdict"] = "PASS", "PASS"
    run(folder, later, "20261125T100000Z-abcdef")
    at = opened("compare", "my-credit")

    assert at.selectbox(key="cm_a").value == "my-credit · 20261124T100000Z-abcdef"
    said = words(at).replace("\\", "")
    assert f"Of {len(later['results'])} checks 1 differ in verdict and 0 stand on one side only" in said
    assert "measurements 1 differ in verdict, 1 in number, and 0 stand on one side only" in said
    assert at.get("plotly_chart")
    assert any("DRF101" in str(d.value) for d in at.dataframe)


def test_a_run_is_judged_by_another_policy_and_keeps_its_own_verdict(home):
    run(project(home))
    at = opened("compare", "my-credit", cm_tab="Another policy")

    assert "Nothing is measured again" in words(at)
    assert "differ in verdict" in words(at)
    assert json.loads(next((home / "projects" / "credit" / "runs").glob("*/results.json")).read_text()) == document()


def test_an_address_that_names_no_run_compares_nothing(home):
    run(project(home, "alone"))

    assert "Choose two runs" in words(opened("compare", "my-alone", cm_a="../../etc"))


def test_the_shell_module_stays_small():
    assert len((ROOT / "pages" / "_shell.py").read_text().splitlines()) <= 250


def test_the_panel_says_what_was_tested_what_was_not_and_what_was_missed(home):
    """The last three words of a check on trial: found, let pass, not tested and why."""
    out = run(project(home))
    codes = [c["check"] for c in document()["results"] if c["family"] == "noise" and c["status"] == "MEASURED"]
    found, passed, rest = codes[0], codes[1], codes[2:]
    tried = {
        "metric": "flip_rate", "null": "steady", "into": "test", "tolerance": 0.1, "replicates": 10, "null_alarms": 0,
        "found_1x": 4, "open_2x": 0, "changed_1x": 0.1, "changed_2x": 0.2, "fault": "flips_under_noise",
    }  # fmt: skip
    checks = [
        {
            "check": found,
            "tried": [tried | {"found_2x": 10}],
            "rows": 50,
            "rows_given": 100,
            "reason": "",
            "trusted": True,
        },
        {
            "check": passed,
            "tried": [tried | {"found_2x": 3}],
            "rows": 50,
            "rows_given": 50,
            "reason": "",
            "trusted": False,
        },
        *({"check": c, "tried": [], "rows": 0, "rows_given": 0, "reason": "nothing of it is judged"} for c in rest),
    ]
    (out / "self_trust.json").write_text(json.dumps({"checks": checks}))
    at = opened("noise", "my-credit")
    said = words(at).replace("\\", "")

    assert f"2 of {len(codes)} checks tested on this trial's own rows. Let the planted fault pass: {passed}." in said
    assert f"{', '.join(rest)}: nothing of it is judged" in said
    assert "cannot give Pass" in said
    assert any("10 of 10" in f.value.to_string() for f in at.dataframe)


def test_a_passphrase_that_is_too_short_is_told_and_makes_no_key(home):
    run(project(home))
    at = opened("snapshot", "my-credit")
    at.text_input(key="sn_name").set_value("ann")
    at.text_input(key="sn_new").set_value("short")
    next(b for b in at.button if b.label == "Make a key").click().run()

    assert "passphrase" in at.error[0].value
    assert not [s for s in at.selectbox if s.key == "sn_key"]


def test_an_upload_without_a_file_is_told(home):
    at = opened("setup")
    next(b for b in at.button if b.label == "Copy into a new project").click().run()

    assert "No file was chosen" in at.error[0].value


def test_a_run_without_a_self_test_says_so(home):
    run(project(home))

    assert "were not tested in this run" in words(opened("noise", "my-credit"))
