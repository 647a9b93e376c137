"""`app`: the dashboard, on this machine only."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import ProjectError
from ..engine.places import ROOT
from .running import Unconfined


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app")(dashboard)


def dashboard(
    project: Annotated[Path | None, typer.Argument(help="Open this project first.")] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8501,
    data_root: Annotated[Path | None, typer.Option(help="Folder that data may be picked from.")] = None,
    allow_unconfined: Unconfined = False,
) -> None:
    """Start the dashboard on 127.0.0.1; it answers to this machine only."""
    if project is not None and not (project / "seatrial.toml").is_file():
        raise ProjectError(f"{project}: no seatrial.toml; `seatrial init {project}` writes one")
    environment = dict(os.environ)
    if project is not None:
        environment["SEATRIAL_PROJECT"] = str(project.resolve())
    if data_root is not None:
        environment["SEATRIAL_DATA_ROOT"] = str(data_root.resolve())
    environment["SEATRIAL_ALLOW_UNCONFINED"] = "1" if allow_unconfined else ""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--browser.gatherUsageStats", "false", "--client.showErrorDetails", "none"]
    raise typer.Exit(subprocess.call(command, env=environment, cwd=ROOT))  # noqa: S603 - our own app
