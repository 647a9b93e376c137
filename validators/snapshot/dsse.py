"""DSSE envelopes with Ed25519: what is signed is the payload's bytes as stored, never a re-serialisation.

Format: https://github.com/secure-systems-lab/dsse, with exactly one signature by us; strict on the way in.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..core.errors import SnapshotError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and its signature, not yet verified."""

    payload: bytes
    keyid: str
    signature: bytes


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Pre-authentication encoding: what the signature is over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's SubjectPublicKeyInfo, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def sign(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope as JSON."""
    signature = {"keyid": key_id(key.public_key()), "sig": base64.b64encode(key.sign(pae(payload))).decode()}
    document = {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}
    return json.dumps(document, indent=1).encode() + b"\n"


def parse(data: bytes) -> Envelope:
    """An envelope out of its bytes.

    Raises
    ------
    SnapshotError
        For anything but the one form that `sign` writes: unknown or duplicate fields, another payload type, base64 that is not
        canonical, no or several signatures, other spacing.
    """
    if len(data) > MAX_ENVELOPE:
        raise SnapshotError(f"envelope: {len(data)} bytes are more than {MAX_ENVELOPE}")
    document = strict_json(data, "envelope")
    fields = _object(document, {"payload", "payloadType", "signatures"}, "envelope")
    if fields["payloadType"] != PAYLOAD_TYPE:
        raise SnapshotError(f"envelope: payload type {str(fields['payloadType'])[:60]!r}, expected {PAYLOAD_TYPE!r}")
    listed = fields["signatures"]
    if not isinstance(listed, list) or len(listed) != 1:
        raise SnapshotError("envelope: must hold exactly one signature")
    held = _object(listed[0], {"keyid", "sig"}, "signature")
    if not isinstance(held["keyid"], str):
        raise SnapshotError("signature: keyid must be text")
    envelope = Envelope(_base64(fields["payload"], "payload"), held["keyid"], _base64(held["sig"], "signature"))
    written = {
        "payload": fields["payload"],
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": held["keyid"], "sig": held["sig"]}],
    }
    if json.dumps(written, indent=1).encode() + b"\n" != data:
        raise SnapshotError("envelope: is not written in its one form (fields, order or spacing were changed)")
    return envelope


def verified(envelope: Envelope, key: Ed25519PublicKey) -> bool:
    """Whether the key made the signature, and is the one that is named."""
    if key_id(key) != envelope.keyid:
        return False
    try:
        key.verify(envelope.signature, pae(envelope.payload))
    except InvalidSignature:
        return False
    return True


def strict_json(data: bytes, what: str) -> Any:
    """JSON in UTF-8 without duplicate keys, NaN or infinities; raises SnapshotError."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{what}: cannot be read as JSON ({str(error)[:100]})") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _object(value: Any, fields: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != fields:
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise SnapshotError(f"{what}: expected the fields {sorted(fields)}, found {str(found)[:100]}")
    return value


def _base64(value: Any, what: str) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise SnapshotError(f"{what}: is not base64") from None
    if base64.b64encode(data).decode() != value:
        raise SnapshotError(f"{what}: base64 is not in canonical form")
    return data
