"""`snapshot` and `verify`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SnapshotError
from ..engine.places import home
from ..snapshot.build import build_snapshot
from ..snapshot.keys import load_private, own_keys
from ..snapshot.verify import NOT_MET, UNTRUSTED, VALID, Verification, verify_snapshot
from .execute import to_stderr
from .passphrase import passphrase_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(snapshot)
    app.command()(verify)


def snapshot(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    key: Annotated[str | None, typer.Option(help="Name of the signing key; the only one if there is one.")] = None,
    out: Annotated[Path | None, typer.Option(help="File or folder to write.")] = None,
    prev: Annotated[Path | None, typer.Option(help="The snapshot before this one.")] = None,
    passphrase_file: Annotated[Path | None, typer.Option(help="File with the key's passphrase.")] = None,
) -> None:
    """Sign a run: results, policy, portable summaries and report in one verifiable zip."""
    if key is None:
        names = own_keys(home())
        if len(names) != 1:
            known = ", ".join(names) or "none; `seatrial keys new NAME` makes one"
            raise SnapshotError(f"--key: name one of your keys: {known}")
        key = names[0]
    private = load_private(key, passphrase_of(passphrase_file), home())
    path = build_snapshot(run, private_key=private, out=out, created=datetime.now(UTC), prev=prev)
    typer.echo(str(path))


def verify(
    file: Annotated[Path, typer.Argument(help="A snapshot.")],
    trust: Annotated[Path | None, typer.Option(help="Folder of trusted keys.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model file that must be the one tested.")] = None,
    data: Annotated[
        list[str] | None, typer.Option(help="ROLE=FILE that must be the one tested; may be repeated.")
    ] = None,
    require: Annotated[str | None, typer.Option(help="passed or approved.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verification on stdout.")] = False,
) -> None:
    """Verify a snapshot offline.

    Exit codes: 0 valid, 1 tampered or invalid, 2 unreadable, 3 valid signature but untrusted, expired or revoked key,
    4 valid but what --require asks for is not met.
    """
    if require not in (None, "passed", "approved"):
        raise SnapshotError(f"--require: give passed or approved, got {require!r}")
    files = {}
    for item in data or ():
        role, _, name = item.partition("=")
        if not name:
            raise SnapshotError(f"--data: give ROLE=FILE, got {item!r}")
        files[role] = Path(name)
    found = verify_snapshot(file, trust=trust or home() / "trust", model=model, data=files, require=require)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        for line in verification_lines(found):
            typer.echo(line)
    if found.code == UNTRUSTED:
        to_stderr("trust its key with: seatrial keys trust FILE.pub.pem")
    raise typer.Exit(found.code)


def verification_lines(found: Verification) -> list[str]:
    """A verification in words; VALID never without who, what and when."""
    word = {VALID: "VALID", UNTRUSTED: "NOT TRUSTED", NOT_MET: "VALID, REQUIREMENT NOT MET"}.get(found.code, "INVALID")
    lines = [word, *(f"  {m}" for m in found.messages)]
    if found.statement is not None:
        lines += [
            f"  model     {found.model}",
            f"  verdict   {found.verdict}",
            f"  signed by {found.owner or 'unknown'} (key {found.keyid[:16]})",
            f"  created   {found.created} (claimed)",
            f"  isolation {found.isolation}",
        ]
        states = list((found.members or {}).values())
        lines.append(f"  members   {states.count('ok')} of {len(states)} digests match")
        if found.code in (VALID, NOT_MET):
            lines += [f"  sha256    {s['digest']['sha256']}  {s['name']}" for s in found.statement["subject"]]
    return lines
