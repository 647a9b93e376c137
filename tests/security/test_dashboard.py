"""The dashboard as a stranger meets it, over the websocket of a real server."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from benchmarks.sessions import Session, rounds, serving
from validators.engine.places import ROOT

RAISES = """
import streamlit as st
st.write("before it")
held = "a-secret-in-a-variable"
raise RuntimeError("a-secret-in-the-message of " + __file__)
"""


@pytest.mark.slow
def test_a_page_that_raises_shows_no_detail_whatever_the_environment_says(tmp_path):
    (tmp_path / "raising_page.py").write_text(RAISES)
    hostile = {"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}
    with serving(tmp_path / "home", tmp_path / "raising_page.py", **hostile) as (port, server):
        with Session(port) as session:
            sent = session.open()
        assert server.poll() is None

    assert b"before it" in sent
    for told in (b"a-secret", b"Traceback", b"RuntimeError", b"line 5", str(tmp_path).encode()):
        assert told not in sent.replace(str(tmp_path / "raising_page.py").encode(), b""), told


@pytest.mark.slow
def test_an_app_that_was_started_for_other_machines_shows_nothing_to_anybody(tmp_path):
    for address, shows in (("0.0.0.0", False), ("127.0.0.1", True)):
        with serving(tmp_path / "home", None, "--server.address", address) as (port, _), Session(port) as session:
            sent = session.open()

        assert (b"asks nobody who they are" in sent) is not shows
        assert (b"Project" in sent) is shows


def listening(port):
    """Addresses at which this machine listens on a port, as the kernel writes them."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {
        fields[1].split(":")[0] for fields in lines if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port
    }


@pytest.mark.slow
@pytest.mark.parametrize("start", ["seatrial app", "streamlit run"])
def test_whatever_environment_and_files_say_the_launcher_listens_on_this_machine_only(tmp_path, start):
    """What `make app` and `seatrial app` start; and, as a control, what Streamlit alone makes of the same environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    hostile = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "HOME": str(tmp_path), "SEATRIAL_BEHIND_PROXY": "1"}
    commands = {
        "seatrial app": ["validators.cli", "app", "--port", str(port)],
        "streamlit run": ["streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
    }
    environment = {**os.environ, **hostile, "SEATRIAL_HOME": str(tmp_path / "home")}
    server = subprocess.Popen(
        [sys.executable, "-m", *commands[start]], cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not (found := listening(port)) and time.monotonic() < end and server.poll() is None:
            time.sleep(0.1)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
    assert found == {"0100007F" if start == "seatrial app" else "00000000"}


@pytest.mark.slow
def test_another_origin_a_bare_upload_and_a_page_of_another_site_are_refused(tmp_path):
    with serving(tmp_path / "home") as (port, _):
        address = f"http://127.0.0.1:{port}/_stcore"
        upload = urllib.request.Request(f"{address}/upload_file/s/f", data=b"x", method="PUT")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(upload, timeout=10)
        assert refused.value.code == 403
        refused.value.close()
        stream = f"ws://127.0.0.1:{port}/_stcore/stream"
        for origin, welcome in (("https://evil.example", False), (f"http://127.0.0.1:{port}", True)):
            with ExitStack() as held:
                expected = nullcontext() if welcome else pytest.raises(InvalidStatus, match="403")
                with expected:
                    held.enter_context(connect(stream, origin=origin))


@pytest.mark.slow
def test_twenty_sessions_beside_two_trials_see_only_their_own_and_leave_nothing(tmp_path):
    found = rounds(20, 3, 2, tmp_path)

    assert found.crossed == ()
    assert found.unseen == ()
    assert found.left == ()
    assert set(found.jobs) == {"done"}
