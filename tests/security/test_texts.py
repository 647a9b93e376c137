"""Hostile names and notes are text everywhere: in the report, on pages, in downloads, on a terminal, in paths."""

import csv
import io
import json
import re
import tomllib
from html.parser import HTMLParser

import pytest

from tests.pages.runs import project
from tests.views.documents import document, limit, r, ranged, skipped
from validators.core.errors import ProjectError
from validators.engine import places
from validators.views import fmt, setup
from validators.views.chart import Table
from validators.views.report import report_html
from validators.views.text import summary_lines

from .hostile import FORMULAS, NAMES, TEXTS

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "span", "code", "div", "table", "thead", "tbody", "tr", "th",
    "td", "svg", "line", "circle", "rect", "path", "g", "b", "text", "figure",
}  # fmt: skip
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def infected(text):
    """A document in which every text of the project's author is this one."""
    quoted = json.dumps(text, ensure_ascii=False)
    measured = [
        ranged("shift_sigma", f"feature:{quoted}", 0.4, 0.1, limit=limit(0.15, 0.3), verdict="FAIL") | {"note": text},
        ranged("auc", f"slice:{quoted} == {quoted}", 0.7, 0.1) | {"note": text},
        ranged("auc", f"group:{quoted}={quoted}", 0.7, 0.1),
        ranged("auc", f"class:{quoted}", 0.7, 0.1),
        ranged("auc", f"feature:{text}", 0.7, 0.1),
    ]
    held = document(r("DRF101", "feature_drift", "FAIL", measured), skipped("BIA101", "bias", text))
    held["project"] |= {"id": text, "version": text, "features": [text], "sensitive": [text], "slices": {text: text}}
    held["project"]["task"] |= {"target": text, "positive": text, "favourable": text}
    held["inputs"]["model"]["candidate"] |= {"file": text, "format": text, "class": text, "types": [text]}
    held["inputs"]["data"]["test"]["file"] = text
    held["inputs"]["code"] = {text: {"sha256": text}}
    held["inputs"]["scenarios"] = {"file": text, "sha256": text}
    held["policy"] |= {"id": text, "version": text}
    held["plan"]["not_tested"] = [{"what": text, "why": text}]
    held["environment"]["packages"] = {text: text}
    return held


class Parsed(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, a, v) for a, v in attrs]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("name", TEXTS)
def test_in_the_report_it_is_text(name):
    page = report_html(infected(TEXTS[name]))
    page.encode()
    found = Parsed()
    found.feed(page)

    assert set(found.tags) <= ALLOWED
    assert found.tags.count("meta") == 3
    assert found.tags.count("title") == found.tags.count("style") == 1
    for tag, attribute, value in found.attributes:
        assert not attribute.startswith("on")
        assert attribute not in ("src", "href", "style", "srcdoc", "action", "autofocus", "x")
        assert tag == "meta" or "evil" not in str(value)
    assert not UNSEEN.search(page)
    assert fmt.visible(TEXTS[name]).strip() in "".join(found.texts)


@pytest.mark.parametrize("name", TEXTS)
def test_the_policy_of_the_report_stays_the_first_and_only_one(name):
    page = report_html(infected(TEXTS[name]))
    head = page[: page.index("<title>")]

    assert head.count("http-equiv") == 1
    assert page.count("<meta http-equiv") == 1
    assert "default-src &#x27;none&#x27;" in head
    assert "base-uri &#x27;none&#x27;; form-action &#x27;none&#x27;" in head
    assert "unsafe" not in head


@pytest.mark.parametrize("name", TEXTS)
def test_on_a_terminal_it_gives_no_orders(name):
    for line in summary_lines(infected(TEXTS[name])):
        assert not UNSEEN.search(line)
        assert "\n" not in line
        assert "\r" not in line


@pytest.mark.parametrize("name", TEXTS)
def test_in_a_table_that_is_downloaded_it_is_no_formula(name):
    """The table's own download writes cells as they are, so the cells themselves must be harmless."""
    (row,) = Table(rows=[{"Feature": TEXTS[name], "Value": -0.5, "None": None}]).scaled()
    file = io.StringIO()
    csv.writer(file).writerow([row["Feature"]])
    (read,) = next(csv.reader(io.StringIO(file.getvalue())))

    assert (row["Value"], row["None"]) == (-0.5, None)
    assert not re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]", read)
    if name in FORMULAS:
        assert read == f"'{fmt.visible(TEXTS[name])}"


@pytest.mark.parametrize("text", ["-0.5", "+1.2%", "1e-3", "-1,200", "age < 25", "", "−0.3"])
def test_numbers_and_names_stay_as_they_are(text):
    assert fmt.cell(text) == text


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_lies_in_its_project_and_nowhere_else_whatever_it_is_called(tmp_path, name):
    environment = {"SEATRIAL_HOME": str(tmp_path / "home")}
    if name in ("two dots", "spaces", "our own"):
        with pytest.raises(ProjectError, match="is no file name"):
            places.safe_name(NAMES[name])
        return
    safe = places.safe_name(NAMES[name])
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}", safe)
    assert safe.split(".")[0].upper() not in ("CON", "NUL", "PRN", "AUX", "COM1", "LPT1")
    content = (project(tmp_path / "other") / "test.csv").read_bytes()
    hostile = NAMES[name] + ".csv"
    folder, _ = places.receive({"test.csv": content, hostile: b"text,only\n1,2\n"}, NAMES[name], environment)

    assert folder.parent == tmp_path / "home" / "projects"
    assert {p.parent for p in (tmp_path / "home").rglob("*") if p.is_file()} == {folder}
    assert not [p for p in folder.iterdir() if p.is_symlink()]


def test_two_uploads_that_come_to_the_same_name_are_refused_and_not_mixed_up(tmp_path):
    with pytest.raises(ProjectError, match="two files of the upload would both be called a_b.csv"):
        places.receive({"a b.csv": b"1", "a_b.csv": b"2"}, "x", {"SEATRIAL_HOME": str(tmp_path)})

    assert not (tmp_path / "projects").exists()


def test_projects_of_a_user_are_for_the_users_eyes(tmp_path):
    folder = places.new_project("x", {"SEATRIAL_HOME": str(tmp_path / "home")})

    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "name", ["more.zip", "x.xlsx", "run.sh", "page.html", "x.csv.gz", "bare", "x.csv.exe", "m.npz"]
)
def test_an_upload_of_another_kind_is_refused_by_the_server_too(tmp_path, name):
    content = (project(tmp_path / "other") / "test.csv").read_bytes()
    with pytest.raises(ProjectError, match=f"{name}: is of no kind that is read; give one of .parquet"):
        places.receive(
            {"test.csv": content, name: b"PK\x03\x04 of what?"}, "x", {"SEATRIAL_HOME": str(tmp_path / "home")}
        )

    assert not (tmp_path / "home").exists()


def test_an_upload_that_is_too_large_or_of_too_many_files_is_refused_by_the_server_too(tmp_path, monkeypatch):
    environment = {"SEATRIAL_HOME": str(tmp_path / "home")}
    monkeypatch.setattr(places, "UPLOAD_BYTES", 1 << 20)
    with pytest.raises(ProjectError, match="test.csv: is larger than 1 MB; start the app with --data-root"):
        places.receive({"test.csv": bytes((1 << 20) + 1)}, "x", environment)
    with pytest.raises(ProjectError, match="101 files are more than 100"):
        places.receive({f"{k}.csv": b"a" for k in range(101)}, "x", environment)

    assert not (tmp_path / "home").exists()


def test_the_browser_is_told_the_same_kinds_and_sizes():
    shipped = tomllib.loads((places.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))

    assert [f".{s}" for s in setup.SUFFIXES] == list(places.UPLOADS)
    assert shipped["server"]["maxUploadSize"] << 20 == places.UPLOAD_BYTES
