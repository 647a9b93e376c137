"""The launcher: what it serves, to whom, and what a stranger sees of a page that fails."""

import itertools
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from validators.cli import application
from validators.core.errors import ProjectError
from validators.engine.places import ROOT
from validators.engine.posture import OWN, SECTIONS, beyond_this_machine, refusal, server_command

SHIPPED = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


@pytest.mark.parametrize(
    ("address", "beyond"),
    [
        ("127.0.0.1", False), ("127.8.8.8", False), ("::1", False), ("[::1]", False), ("localhost", False), ("unix:/run/s", False),
        ("0.0.0.0", True), ("::", True), ("192.168.1.7", True), ("10.0.0.1", True), ("localhost.example.org", True),
        ("example.org", True), ("::ffff:10.0.0.1", True), ("", True), (None, True), ("127.0.0.1 ", True), ("0", True),
    ],
)  # fmt: skip
def test_only_loopback_is_this_machine(address, beyond):
    assert beyond_this_machine(address) is beyond
    assert bool(refusal(address, {})) is beyond
    assert refusal(address, {"SEATRIAL_BEHIND_PROXY": "1"}) == ""


@pytest.fixture
def called(monkeypatch):
    """What would be started: commands and environments."""
    calls = []
    monkeypatch.setattr(application.subprocess, "call", lambda command, env, cwd: calls.append((command, env)) or 0)
    return calls


def test_another_address_is_refused_unless_a_proxy_is_promised(called):
    with pytest.raises(ProjectError, match="other machines could open the dashboard"):
        application.dashboard(address="0.0.0.0")
    assert called == []
    with pytest.raises(application.typer.Exit):
        application.dashboard(address="0.0.0.0", i_have_a_proxy=True)
    ((command, environment),) = called
    assert command[command.index("--server.address") + 1] == "0.0.0.0"
    assert environment["SEATRIAL_BEHIND_PROXY"] == "1"


def test_a_promise_of_another_day_does_not_count(called, monkeypatch):
    monkeypatch.setenv("SEATRIAL_BEHIND_PROXY", "1")
    with pytest.raises(ProjectError):
        application.dashboard(address="0.0.0.0")
    with pytest.raises(application.typer.Exit):
        application.dashboard()
    assert called[0][1]["SEATRIAL_BEHIND_PROXY"] == ""


def test_every_shipped_setting_is_an_option_so_that_nothing_wins_over_it():
    command = server_command(ROOT, address="127.0.0.1", port=8501, proxied=False)
    given = {k[2:]: v for k, v in itertools.pairwise(command) if k.startswith("--")}
    expected = {f"{s}.{k}": str(v).lower() for s in SECTIONS for k, v in SHIPPED[s].items() if f"{s}.{k}" not in OWN}

    assert {k: v.lower() for k, v in given.items()} == expected | {"server.address": "127.0.0.1", "server.port": "8501"}


def test_neither_environment_nor_the_users_file_opens_the_server_or_shows_details(tmp_path):
    """Streamlit itself is asked what it would do with our options, a hostile environment and a hostile file."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(
        '[server]\naddress = "0.0.0.0"\nenableStaticServing = true\n[client]\nshowErrorDetails = "full"\n'
    )
    hostile = {
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
        "STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "99999",
    }
    options = server_command(ROOT, address="127.0.0.1", port=8501, proxied=False)[5:]
    shown = subprocess.run(
        [sys.executable, "-m", "streamlit", "config", "show", *options],
        cwd=tmp_path, env={**os.environ, **hostile, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = tomllib.loads(shown.stdout[shown.stdout.index("[global]") :])

    assert found["server"]["address"] == "127.0.0.1"
    assert found["server"]["enableXsrfProtection"] is True
    assert found["server"]["enableStaticServing"] is False
    assert found["server"]["maxUploadSize"] == 200
    assert found["client"]["showErrorDetails"] == "none"


def test_the_settings_are_those_of_the_security_design():
    server = SHIPPED["server"]

    assert server["headless"] is server["enableXsrfProtection"] is server["enableCORS"] is True
    assert server["enableStaticServing"] is server["enableAgentApi"] is server["runOnSave"] is False
    assert server["maxUploadSize"] == server["maxMessageSize"] == 200
    assert (server["fileWatcherType"], server["disconnectedSessionTTL"]) == ("none", 120)
    assert SHIPPED["client"]["showErrorDetails"] == "none"
    assert SHIPPED["client"]["toolbarMode"] == "viewer"


def test_no_page_writes_html_of_its_own():
    for path in [*(ROOT / "pages").glob("*.py"), ROOT / "app.py"]:
        text = Path(path).read_text()
        for way in ("unsafe_allow_html", "st.html(", "components.v1", "components.html", "st.iframe"):
            assert way not in text, f"{path.name}: {way}"
