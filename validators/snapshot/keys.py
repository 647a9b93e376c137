"""Keys and whom to trust: Ed25519 in OpenSSH format under a passphrase, and a folder of trusted public keys."""

import fcntl
import json
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
    load_ssh_private_key,
)

from ..core.errors import KeyFileError
from ..engine.store import replace_file
from .dsse import key_id, strict_json

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
MIN_PASSPHRASE = 8
KDF_ROUNDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A public key that signatures are accepted from, and until when. Times are ISO 8601 in UTC."""

    keyid: str
    key: Ed25519PublicKey
    owner: str
    not_before: str | None = None
    not_after: str | None = None
    revoked_at: str | None = None
    reason: str = ""

    def problem(self, when: datetime) -> str | None:
        """Why a signature of that (claimed) time does not count; None when it does."""
        if self.revoked_at is not None:
            return f"key of {self.owner} was revoked on {self.revoked_at}: {self.reason or 'no reason given'}"
        if self.not_before is not None and when < _time(self.not_before):
            return f"key of {self.owner} is valid from {self.not_before} on only"
        if self.not_after is not None and when > _time(self.not_after):
            return f"key of {self.owner} expired on {self.not_after}"
        return None


def new_key(name: str, passphrase: bytes, home: Path, *, owner: str | None = None) -> Path:
    """Make a key pair; the private key is encrypted (bcrypt, 16 rounds), its file for the owner's eyes only, and trusted here.

    Raises
    ------
    KeyFileError
        For a name that is taken or not allowed, or a passphrase under 8 characters.
    """
    _checked(name)
    if len(passphrase) < MIN_PASSPHRASE:
        raise KeyFileError(f"passphrase: must have at least {MIN_PASSPHRASE} characters")
    folder = home / "keys"
    path = folder / name
    key = Ed25519PrivateKey.generate()
    encrypted = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(KDF_ROUNDS).build(passphrase)
    data = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encrypted)
    held = Trusted(keyid=key_id(key.public_key()), key=key.public_key(), owner=owner or name)
    with _telling(path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # the private key comes last: a key that is there is whole, and trusted
    with _telling(path), (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            raise KeyFileError(f"key {name!r} exists in {folder}; choose another name")
        try:
            _write_trust(home, held)
            replace_file(path.with_suffix(".pub.pem"), public)
            replace_file(path, data)
        except OSError:
            for made in (path, path.with_suffix(".pub.pem"), home / "trust" / f"{held.keyid}.json"):
                made.unlink(missing_ok=True)
            raise
    return path


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say in a sentence why a file of keys cannot be written."""
    try:
        yield
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written ({error.strerror})") from None


def load_private(name: str, passphrase: bytes, home: Path) -> Ed25519PrivateKey:
    """A private key; raises KeyFileError for a missing or exposed file or a wrong passphrase."""
    _checked(name)
    path = home / "keys" / name
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except FileNotFoundError:
        known = ", ".join(own_keys(home)) or "none"
        raise KeyFileError(f"no key {name!r}; there are: {known}; `seatrial keys new {name}` makes it") from None
    except OSError as error:
        raise KeyFileError(f"key {name!r}: cannot be read ({error.strerror})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"key {name!r}: others can read {path}; chmod 600 it, and think about a new key")
    try:
        key = load_ssh_private_key(data, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"key {name!r}: wrong passphrase, or not a key file") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"key {name!r}: is not an Ed25519 key")
    return key


def trust(file: Path, home: Path, *, owner: str | None = None) -> Trusted:
    """Trust a public key, out of a PEM file or a trust record."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{file}: cannot be read ({error.strerror})") from None
    if data.lstrip().startswith(b"{"):
        held = _record(strict_json(data, file.name), file.name)
    else:
        key = _public(data, file.name)
        held = Trusted(keyid=key_id(key), key=key, owner=owner or file.name.split(".")[0])
    with _telling(home / "trust"):
        _write_trust(home, held)
    return held


def revoke(name: str, home: Path, *, reason: str, when: datetime | None = None) -> Trusted:
    """Revoke a trusted key, by owner or by the start of its id."""
    found = [
        t for t in trusted_keys(home / "trust") if t.owner == name or (len(name) >= 8 and t.keyid.startswith(name))
    ]
    if len(found) != 1:
        raise KeyFileError(
            f"{len(found)} trusted keys match {name!r}; give an owner or at least 8 characters of the key id"
        )
    held = found[0]
    moment = (when or datetime.now(UTC)).isoformat(timespec="seconds")
    revoked = Trusted(
        keyid=held.keyid, key=held.key, owner=held.owner, not_before=held.not_before, not_after=held.not_after,
        revoked_at=moment, reason=reason,
    )  # fmt: skip
    with _telling(home / "trust"):
        _write_trust(home, revoked)
    return revoked


def trusted_keys(folder: Path) -> list[Trusted]:
    """All records of a trust folder; raises KeyFileError for one that cannot be read."""
    found = [_record(strict_json(p.read_bytes(), p.name), p.name) for p in sorted(folder.glob("*.json"))]
    found += [
        Trusted(keyid=key_id(k), key=k, owner=p.name.split(".")[0])
        for p in sorted(folder.glob("*.pem"))
        for k in [_public(p.read_bytes(), p.name)]
    ]
    return found


def own_keys(home: Path) -> list[str]:
    """Names of the private keys here."""
    held = (home / "keys").glob("*")
    return sorted(p.name for p in held if p.is_file() and _NAME.fullmatch(p.name) and not p.name.endswith(".pem"))


def _checked(name: str) -> None:
    if not _NAME.fullmatch(name) or name.endswith(".pem"):
        raise KeyFileError(
            f"key name {name[:70]!r}: use up to 64 of A-Z a-z 0-9 . _ - and begin with none of the last three"
        )


def _public(data: bytes, what: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{what}: is not a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{what}: is not an Ed25519 key")
    return key


def _record(document: Any, what: str) -> Trusted:
    fields = ("keyid", "public_key", "owner", "not_before", "not_after", "revoked_at", "reason")
    if (
        not isinstance(document, dict)
        or set(document) - set(fields)
        or not {"keyid", "public_key", "owner"} <= set(document)
    ):
        raise KeyFileError(f"{what}: a trust record has the fields {', '.join(fields)}")
    if not all(isinstance(v, str) or v is None for v in document.values()):
        raise KeyFileError(f"{what}: every field is text or null")
    key = _public(document["public_key"].encode(), what)
    if key_id(key) != document["keyid"]:
        raise KeyFileError(f"{what}: the key id is not that of its public key")
    for field in ("not_before", "not_after", "revoked_at"):
        if document.get(field) is not None:
            _time(document[field])
    held: Mapping[str, Any] = {k: document.get(k) for k in ("not_before", "not_after", "revoked_at")}
    return Trusted(
        keyid=document["keyid"], key=key, owner=document["owner"], reason=document.get("reason") or "", **held
    )


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeyFileError(f"{text[:40]!r} is not a time in ISO 8601") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write_trust(home: Path, held: Trusted) -> None:
    folder = home / "trust"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = held.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    document = {
        "keyid": held.keyid, "public_key": public, "owner": held.owner, "not_before": held.not_before,
        "not_after": held.not_after, "revoked_at": held.revoked_at, "reason": held.reason,
    }  # fmt: skip
    replace_file(folder / f"{held.keyid}.json", (json.dumps(document, indent=1) + "\n").encode())
