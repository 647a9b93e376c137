"""`app`: the dashboard, on this machine only."""

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import ProjectError
from ..engine.places import ROOT, home
from ..engine.posture import PROXY, server_command
from ..engine.scratch import sweep
from .running import Unconfined


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app")(dashboard)


def dashboard(
    project: Annotated[Path | None, typer.Argument(help="Open this project first.")] = None,
    port: Annotated[int, typer.Option(help="Port of the address.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Where it listens; beyond this machine only behind a proxy.")
    ] = "127.0.0.1",
    i_have_a_proxy: Annotated[
        bool, typer.Option("--i-have-a-proxy", help="A proxy with TLS and a login stands before --address.")
    ] = False,
    data_root: Annotated[Path | None, typer.Option(help="Folder that data may be picked from.")] = None,
    allow_unconfined: Unconfined = False,
) -> None:
    """Start the dashboard; it answers to this machine only, unless a proxy with a login stands before it."""
    command = server_command(ROOT, address=address, port=port, proxied=i_have_a_proxy)
    if project is not None and not (project / "seatrial.toml").is_file():
        raise ProjectError(f"{project}: no seatrial.toml; `seatrial init {project}` writes one")
    sweep(home())
    environment = dict(os.environ)
    if project is not None:
        environment["SEATRIAL_PROJECT"] = str(project.resolve())
    if data_root is not None:
        environment["SEATRIAL_DATA_ROOT"] = str(data_root.resolve())
    environment["SEATRIAL_ALLOW_UNCONFINED"] = "1" if allow_unconfined else ""
    environment[PROXY] = "1" if i_have_a_proxy else ""
    raise typer.Exit(subprocess.call(command, env=environment, cwd=ROOT))  # noqa: S603 - our own app
