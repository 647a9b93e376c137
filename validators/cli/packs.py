"""`packs`: the policy packs that are shipped, and what each of them asks for."""

from typing import Annotated

import typer

from ..io.packs import NOT_ADVICE, pack_names, pack_text
from ..views.packs import summary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(packs)


def packs(
    name: Annotated[str | None, typer.Argument(help="Print this pack; without it, list all.")] = None,
) -> None:
    """List the policy packs: limits on the bias checks for one field of use, laid over a tier's policy, never looser than it.

    A project chooses them by `packs = ["..."]` under [policy]. A pack is no legal advice.
    """
    if name is not None:
        typer.echo(pack_text(name), nl=False)
        return
    for held in pack_names():
        typer.echo(summary(held, pack_text(held)))
    typer.echo(f"\n{NOT_ADVICE}")
