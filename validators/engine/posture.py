"""How the dashboard may be served: to this machine only, unless a proxy with a login stands before it."""

import ipaddress
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import ProjectError

PROXY = "SEATRIAL_BEHIND_PROXY"
SECTIONS = ("server", "client", "browser", "runner")
# the name in the browser's address is the proxy's to say
OWN = {"server.address", "server.port", "browser.serverAddress"}
REFUSED = (
    "{address}: other machines could open the dashboard there, and it asks nobody who they are; put a proxy with TLS and a login "
    "before it and say so with --i-have-a-proxy, or leave it on 127.0.0.1"
)


def beyond_this_machine(address: str | None) -> bool:
    """Whether a server at this address answers other machines; without an address it answers on every interface."""
    if not address:
        return True
    if address == "localhost" or address.startswith("unix:"):
        return False
    try:
        return not ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return True


def refusal(address: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Why nothing is shown at this address; empty where it may be."""
    if environment.get(PROXY) == "1" or not beyond_this_machine(address):
        return ""
    return REFUSED.format(address=address or "every interface")


def server_command(root: Path, *, address: str, port: int, proxied: bool) -> list[str]:
    """The command that serves the app with the shipped settings, as options: they win over the environment and the user's own files.

    Raises
    ------
    ProjectError
        When the address is reachable from elsewhere and no proxy is promised.
    """
    why = refusal(address, {PROXY: "1" if proxied else ""})
    if why:
        raise ProjectError(why)
    shipped = tomllib.loads((root / ".streamlit" / "config.toml").read_text("utf-8"))
    settings = {f"{s}.{key}": value for s in SECTIONS for key, value in shipped[s].items()}
    held = {k: v for k, v in settings.items() if k not in OWN} | {"server.address": address, "server.port": port}
    command = [sys.executable, "-m", "streamlit", "run", str(root / "app.py")]
    for key, value in held.items():
        command += [f"--{key}", str(value).lower() if isinstance(value, bool) else str(value)]
    return command
