"""`keys new | list | trust | revoke`."""

from pathlib import Path
from typing import Annotated

import typer

from ..engine.places import home
from ..snapshot import keys
from .passphrase import passphrase_of

app = typer.Typer(help="Signing keys and whom to trust.", no_args_is_help=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the key.")],
    owner: Annotated[str | None, typer.Option(help="Whose key it is; default: its name.")] = None,
    passphrase_file: Annotated[Path | None, typer.Option(help="File with the passphrase.")] = None,
) -> None:
    """Make an Ed25519 key, encrypted with a passphrase; its public half is trusted here."""
    path = keys.new_key(name, passphrase_of(passphrase_file, confirm=True), home(), owner=owner)
    typer.echo(f"private key {path}")
    typer.echo(f"public key  {path.with_suffix('.pub.pem')}: give this one to those who verify")


@app.command("list")
def list_keys() -> None:
    """Your keys, and the keys you trust."""
    for name in keys.own_keys(home()):
        typer.echo(f"own      {name}")
    for held in keys.trusted_keys(home() / "trust"):
        state = f"revoked {held.revoked_at}: {held.reason}" if held.revoked_at else "trusted"
        typer.echo(f"{held.keyid[:16]}  {held.owner:<20} {state}")


@app.command()
def trust(
    file: Annotated[Path, typer.Argument(help="A public key (.pem) or a trust record (.json).")],
    owner: Annotated[str | None, typer.Option(help="Whose key it is.")] = None,
) -> None:
    """Accept signatures by a key."""
    held = keys.trust(file, home(), owner=owner)
    typer.echo(f"trusted {held.keyid[:16]} of {held.owner}")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Owner, or the first 8 or more characters of the key id.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Accept signatures by a key no longer."""
    held = keys.revoke(name, home(), reason=reason)
    typer.echo(f"revoked {held.keyid[:16]} of {held.owner}")
