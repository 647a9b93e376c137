"""Progress: a bar for people on a terminal, lines in a file for jobs, silence for pipes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..engine.run import nothing
from ..engine.scan import Progress as Report


@contextmanager
def reporting(file: Path | None, *, quiet: bool = False) -> Iterator[Report]:
    """A progress callback: appends JSON lines to `file`, else draws on stderr when it is a terminal."""
    if file is not None:
        with file.open("ab", buffering=0) as lines:

            def write(what: str, share: float) -> None:
                with suppress(OSError):  # a full disk stops the results, not the news about them
                    lines.write(json.dumps({"what": what, "share": round(share, 4)}).encode() + b"\n")

            yield write
        return
    if quiet or not sys.stderr.isatty():
        yield nothing
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)

        def draw(what: str, share: float) -> None:
            bar.update(task, description=what[:48].ljust(48), completed=share)

        yield draw
