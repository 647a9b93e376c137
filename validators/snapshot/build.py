"""A snapshot out of a run: digested, signed, written whole or not at all."""

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..core.errors import SnapshotError
from .archive import ENVELOPE, MANIFEST, MEMBERS, REQUIRED, canonical_zip, read_zip
from .dsse import sign, strict_json
from .statement import payload, statement


def build_snapshot(
    run: Path,
    *,
    private_key: Ed25519PrivateKey,
    out: Path | None = None,
    created: datetime,
    prev: Path | None = None,
) -> Path:
    """Sign a run folder into a zip.

    Parameters
    ----------
    run
        Folder with results.json, policy.toml and, if there, grid.json, summaries.json, self_trust.json, report.html.
    out
        File or folder to write; default beside the run, ``<model>-<version>.seatrial.zip``.
    created
        Claimed time of signing.
    prev
        The snapshot before this one, whose envelope's digest is bound.

    Returns
    -------
    Path of the snapshot. The file appears whole or not at all, and never in the place of another.

    Raises
    ------
    SnapshotError
        When the run cannot be signed or the file exists.
    """
    members = {name: (run / name).read_bytes() for name in MEMBERS if (run / name).is_file()}
    missing = [name for name in REQUIRED if name not in members]
    if missing:
        raise SnapshotError(f"{run}: has no {missing[0]}; `seatrial run PROJECT --out {run}` makes a run folder")
    results = strict_json(members["results.json"], "results.json")
    if not isinstance(results, dict) or not isinstance(results.get("policy"), dict):
        raise SnapshotError(f"{run}: results.json is not a record of results")
    found = hashlib.sha256(members["policy.toml"]).hexdigest()
    if results["policy"].get("sha256") != found:
        raise SnapshotError(
            f"{run}: policy.toml is not the policy that results.json was judged by; run the trial again"
        )
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(members.items()))
    members[MANIFEST] = lines.encode()
    before = None
    if prev is not None:
        held, _ = read_zip(prev.read_bytes())
        before = hashlib.sha256(held.get(ENVELOPE, b"")).hexdigest()
    document = statement(results, members, created=created.isoformat(timespec="seconds"), prev=before)
    members[ENVELOPE] = sign(payload(document), private_key)
    target = _target(run, out, results)
    write_new(target, canonical_zip(members))
    return target


def _target(run: Path, out: Path | None, results: dict[str, object]) -> Path:
    project = results.get("project")
    held = project if isinstance(project, dict) else {}
    name = "-".join(re.sub(r"[^A-Za-z0-9._-]+", "_", str(held.get(k, "model"))).strip(".") for k in ("id", "version"))
    file = f"{name}.seatrial.zip"
    if out is None:
        return run.parent / file if run.parent.name != "runs" else run.parent.parent / file
    return out / file if out.is_dir() else out


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet: complete and on disk, or not there at all.

    Raises
    ------
    SnapshotError
        When it exists or cannot be written.
    """
    making = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    linked = False
    try:
        with making.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(making, path)
        linked = True
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except FileExistsError:
        raise SnapshotError(f"{path}: exists; a snapshot is never written over another, give another --out") from None
    except OSError as error:
        if linked:  # what was not acknowledged is not there
            path.unlink(missing_ok=True)
        raise SnapshotError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        making.unlink(missing_ok=True)


def describe(run: Path) -> list[tuple[str, int, str]]:
    """What would be signed: name, bytes and SHA-256 of every member."""
    held = [(name, (run / name).read_bytes()) for name in MEMBERS if (run / name).is_file()]
    return [(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in held]
