"""`diff`: what differs between two runs or snapshots, and which verdicts another policy changes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import ProjectError
from ..snapshot.verify import results_of
from ..views.diff import as_json as difference_json
from ..views.diff import difference
from ..views.diff_words import lines
from .judging import judged_by


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(diff)


def diff(
    sides: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B | RUN", help="Run folders, results.json files or snapshots: two, or one with --policy."
        ),
    ],
    policy: Annotated[
        Path | None, typer.Option(help="Judge RUN by this policy too: which verdicts does it change?")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all differences on stdout as JSON.")] = False,
) -> None:
    """Say which verdicts and measurements differ between A and B, or between RUN's policy and another.

    Nothing is measured again, and no data is read. Signatures are not checked: `verify` does that.
    Exit codes: 0 nothing differs, 1 a verdict or a measurement differs, 2 unreadable input.
    """  # fmt: skip
    wanted = 2 if policy is None else 1
    if len(sides) != wanted:
        raise ProjectError(
            f"diff: give {'two sides, A and B' if policy is None else 'one RUN with --policy'}; got {len(sides)}"
        )
    a = results_of(sides[0])
    b = results_of(sides[1]) if policy is None else judged_by(a, policy)
    found = difference(a, b)
    if as_json:
        typer.echo(json.dumps(difference_json(found), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        for line in lines(found):
            typer.echo(line)
    raise typer.Exit(0 if found.none else 1)
