"""Verification, offline: who signed what, when (claimed), and every member that was changed, added or removed."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import RunError, SnapshotError
from ..engine.results import read_results, results_from
from .archive import ENVELOPE, MAX_FILE, read_zip
from .dsse import Envelope, parse, strict_json, verified
from .keys import Trusted, trusted_keys
from .statement import MAX_STATEMENT, PREDICATE_TYPE, STATEMENT_TYPE, payload

VALID, INVALID, UNTRUSTED, NOT_MET = 0, 1, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found. `code`: 0 valid, 1 tampered or invalid, 3 not trusted, 4 valid but a requirement is not met.

    `members` maps each name to ok, changed, missing or extra. `created` is the signer's claim.
    """

    code: int
    messages: tuple[str, ...]
    keyid: str = ""
    owner: str = ""
    created: str = ""
    verdict: str = ""
    model: str = ""
    isolation: str = ""
    members: Mapping[str, str] | None = None
    statement: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "code": self.code, "messages": list(self.messages), "keyid": self.keyid, "owner": self.owner,
            "created_claimed": self.created, "verdict": self.verdict, "model": self.model, "isolation": self.isolation,
            "members": dict(self.members or {}),
        }  # fmt: skip


def verify_snapshot(
    file: Path,
    *,
    trust: Path,
    model: Path | None = None,
    data: Mapping[str, Path] | None = None,
    require: str | None = None,
) -> Verification:
    """Verify a snapshot without unpacking it to disk.

    Parameters
    ----------
    trust
        Folder of trusted keys (.json records or .pem).
    model, data
        Files that must be those that were tested; `data` by role.
    require : {"passed", "approved"}, optional
        What more must hold.

    Raises
    ------
    SnapshotError
        When the file cannot be read as a snapshot at all.
    """
    members, problems = read_zip(_bytes(file))
    if ENVELOPE not in members:
        return Verification(code=INVALID, messages=(*problems, f"{ENVELOPE}: missing; nothing is signed"))
    try:
        envelope = parse(members[ENVELOPE])
        document = _statement(envelope)
    except SnapshotError as error:
        return Verification(code=INVALID, messages=(*problems, f"{ENVELOPE}: {error}"))
    predicate = document["predicate"]
    states = _member_states(predicate["members"], members)
    problems += [f"{name}: {state}" for name, state in states.items() if state != "ok"]
    problems += _input_problems(document, model, data or {})
    keys = [k for k in trusted_keys(trust) if k.keyid == envelope.keyid]
    signer = keys[0] if keys else None
    if signer is not None and not verified(envelope, signer.key):
        problems.append(f"{ENVELOPE}: the signature is not that of {signer.owner} over this statement")
    found = Verification(
        code=INVALID,
        messages=tuple(problems),
        keyid=envelope.keyid,
        owner=signer.owner if signer else "",
        created=str(predicate["run"]["created"]),
        verdict=str(predicate["verdict"]),
        model=f"{predicate['model']['id']} {predicate['model']['version']}",
        isolation=_isolation(predicate),
        members=states,
        statement=document,
    )
    return found if problems else _judged(found, signer, require)


def _isolation(predicate: Mapping[str, Any]) -> str:
    level = str(predicate["isolation"])
    lower = predicate.get("allowUnconfined") is True and level != "full"
    return f"{level}; models that run code were allowed all the same" if lower else level


def read_member(file: Path, name: str) -> bytes:
    """One member, its digest checked against the statement; whose signature it is, is not asked.

    Raises
    ------
    SnapshotError
        When the snapshot cannot be read, lacks the member, or the member was changed.
    """
    members, problems = read_zip(_bytes(file))
    if problems or ENVELOPE not in members:
        raise SnapshotError(f"{file.name}: {problems[0] if problems else 'has no envelope'}")
    document = _statement(parse(members[ENVELOPE]))
    stated = document["predicate"]["members"].get(name)
    if stated is None or name not in members:
        raise SnapshotError(f"{file.name}: has no {name}")
    if hashlib.sha256(members[name]).hexdigest() != stated:
        raise SnapshotError(f"{file.name}: {name} is not the one that was signed")
    return members[name]


def results_of(path: Path) -> dict[str, Any]:
    """The results of a run folder, a results.json or a snapshot; whose signature it is, is not asked.

    Raises
    ------
    SeatrialError
        When there are none that can be read.
    """
    if path.is_file() and zipfile.is_zipfile(path):
        return results_from(read_member(path, "results.json"), path.name)
    if not path.exists():
        raise RunError(f"{path}: no such file or folder; give a run folder, its results.json or a snapshot")
    if path.is_dir():
        return read_results(path)
    try:
        return results_from(path.read_bytes(), str(path))
    except (OSError, RunError):
        raise RunError(f"{path}: is neither results.json nor a snapshot; give one of these, or a run folder") from None


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE:
            raise SnapshotError(f"{file}: is larger than {MAX_FILE} bytes; no snapshot is")
        return file.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{file}: cannot be read ({error.strerror})") from None


def _statement(envelope: Envelope) -> dict[str, Any]:
    """The payload, if it is a statement of ours in canonical form."""
    if len(envelope.payload) > MAX_STATEMENT:
        raise SnapshotError("statement: is too long")
    document = strict_json(envelope.payload, "statement")
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise SnapshotError("statement: is not an in-toto statement of version 1")
    if document.get("predicateType") != PREDICATE_TYPE:
        raise SnapshotError(
            f"statement: is about {str(document.get('predicateType'))[:80]!r}, expected {PREDICATE_TYPE!r}"
        )
    try:
        predicate = document["predicate"]
        _ = (
            predicate["members"].items(),
            predicate["run"]["created"],
            predicate["model"]["id"],
            predicate["model"]["version"],
        )
        _ = (
            predicate["verdict"],
            predicate["isolation"],
            [s["digest"]["sha256"] + s["name"] for s in document["subject"]],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"statement: lacks {error}") from None
    if payload(document) != envelope.payload:
        raise SnapshotError("statement: is not in canonical form")
    return document


def _member_states(stated: Mapping[str, str], members: Mapping[str, bytes]) -> dict[str, str]:
    states = {}
    for name, digest in stated.items():
        if name not in members:
            states[name] = "missing"
        else:
            states[name] = "ok" if hashlib.sha256(members[name]).hexdigest() == digest else "changed"
    extra = [name for name in members if name not in stated and name != ENVELOPE]
    return states | dict.fromkeys(extra, "extra")


def _input_problems(document: Mapping[str, Any], model: Path | None, data: Mapping[str, Path]) -> list[str]:
    stated = {s["name"]: s["digest"]["sha256"] for s in document["subject"]}
    asked = [("model/candidate/", model, "candidate")] if model is not None else []
    asked += [(f"data/{role}/", path, role) for role, path in data.items()]
    problems = []
    for prefix, path, label in asked:
        found = [(name, digest) for name, digest in stated.items() if name.startswith(prefix)]
        if path is None or not found:
            problems.append(f"{label}: the snapshot names none")
            continue
        if _file_digest(path) != found[0][1]:
            problems.append(f"{path.name}: is not the {label} that was tested ({found[0][0].rsplit('/', 1)[1]})")
    return problems


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error.strerror})") from None


def _judged(found: Verification, signer: Trusted | None, require: str | None) -> Verification:
    """Trust first, then what was required."""
    fields = {name: getattr(found, name) for name in Verification.__dataclass_fields__}
    if signer is None:
        note = f"the signature is by key {found.keyid[:16]}, which is not trusted here; it was not checked further"
        return Verification(**fields | {"code": UNTRUSTED, "messages": (note,)})
    when = _moment(found.created)
    problem = signer.problem(when) if when else f"the claimed time {found.created[:40]!r} is no time"
    if problem:
        return Verification(**fields | {"code": UNTRUSTED, "messages": (problem,)})
    if require == "passed" and found.verdict not in ("PASSED", "WARNED"):
        note = f"valid, but the verdict is {found.verdict} and --require passed was asked for"
        return Verification(**fields | {"code": NOT_MET, "messages": (note,)})
    if require == "approved":
        note = "valid, but no approval statement is in the snapshot"
        return Verification(**fields | {"code": NOT_MET, "messages": (note,)})
    return Verification(**fields | {"code": VALID, "messages": ()})


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
