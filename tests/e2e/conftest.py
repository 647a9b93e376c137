"""A real server and a real browser. Nothing may leave the host, and no error may stand in the console."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Streamlit asks for these below a page's address first; the 404 is its way of finding the right one.
PROBES = ("/_stcore/health", "/_stcore/host-config")
# Idle for .4 s on end: between the redraws of a slow machine the page is idle for a moment, too.
IDLE = """() => { const app = document.querySelector("[data-testid='stApp']"), now = performance.now();
  const idle = app && app.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-testid=stSkeleton]');
  window.idleSince = idle ? window.idleSince ?? now : undefined;
  return idle && now - window.idleSince > 400 }"""
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium():
    """The browser's program: its absence fails in CI, and skips with a sentence elsewhere."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("no chromium on this machine; `make tools` as root installs it")
    if found is None:
        pytest.skip("no chromium on this machine; `make tools` as root installs it")
    return found


@contextmanager
def served(home, **environment):
    """A fresh server of the app; its address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "app.py"),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    env = (
        {k: v for k, v in os.environ.items() if not k.startswith("SEATRIAL_")}
        | {"SEATRIAL_HOME": str(home)}
        | environment
    )
    log = home.parent / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _answering(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _answering(address, server, log):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer:\n{log.read_text()}")


@contextmanager
def browsed(chromium, address, **context):
    """A page whose errors and requests are watched; it fails at the end when there was one that should not be."""
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        options = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **context}
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on("console", lambda message: wrong.extend(_told(message)))
        page.on("request", lambda request: wrong.extend(_gone_out(request.url, address)))
        yield page
        browser.close()
    assert wrong == []


def _told(message):
    if message.type == "error" and not message.location.get("url", "").endswith(PROBES):
        yield f"console: {message.text} ({message.location.get('url')})"


def _gone_out(url, address):
    allowed = (address, address.replace("http", "ws", 1), "data:", "blob:")
    if not url.startswith(allowed):
        yield f"request off the host: {url}"


def idle(page):
    """Wait until the script has run and everything is drawn: the signal of Streamlit's own tests."""
    page.wait_for_selector("[data-testid='stApp']")
    page.wait_for_timeout(250)
    page.evaluate("() => { window.idleSince = undefined }")
    page.wait_for_function(IDLE, timeout=60_000)


def choose(page, key, option):
    """Take an option of a select box; a redraw that comes late closes its list, and then it is opened again."""
    box = page.locator(f".st-key-{key}").get_by_role("combobox")
    wanted = page.get_by_role("option", name=option).first
    for _ in range(10):
        if box.get_attribute("aria-expanded") != "true":
            box.click()
        try:
            return wanted.click(timeout=3_000)
        except TooLate:
            continue
    raise AssertionError(f"{option} is not offered by {key}")
