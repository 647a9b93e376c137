"""What the verification of a snapshot found, in words; and what is about to be signed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from . import fmt
from .chart import Row
from .reading import Document, unsettled, verdict_of
from .words import OVERALL

OUTCOMES: Final[Mapping[int, tuple[str, str, str]]] = {
    0: ("Signature valid, every member matches.", "green", "✓"),
    1: ("Not valid: do not rely on this file.", "red", "✕"),
    3: ("The signature is by a key that is not trusted here.", "orange", "!"),
    4: ("Valid, but what was asked for is not met.", "orange", "!"),
}

ELSEWHERE: Final = (
    "The same in a shell, on any machine: `seatrial verify FILE`. Without Seatrial: `sha256sum -c MANIFEST.sha256` in the unpacked "
    "folder, and openssl for the signature."
)


def headline(found: Mapping[str, Any]) -> tuple[str, str, str]:
    """Sentence, colour and sign of a verification."""
    return OUTCOMES.get(int(found["code"]), OUTCOMES[1])


def signed_at(folder: str) -> str:
    """When a snapshot was signed, from the name of its folder: ``20261125T071931.349Z`` as ``2026-11-25 07:19 UTC``."""
    return f"{folder[:4]}-{folder[4:6]}-{folder[6:8]} {folder[9:11]}:{folder[11:13]} UTC"


def facts(found: Mapping[str, Any]) -> list[Row]:
    """Who, what, when: the signer's claims are called claims."""
    states = list((found.get("members") or {}).values())
    held = [
        ("Model", found.get("model")),
        ("Verdict", OVERALL[v].word if (v := str(found.get("verdict"))) in OVERALL else found.get("verdict")),
        ("Isolation of models", found.get("isolation")),
        ("Signed by", found.get("owner") or "unknown"),
        ("Key", str(found.get("keyid") or "")[:16]),
        ("Created (claimed)", fmt.moment(str(found.get("created_claimed") or ""))),
        ("Members", f"{states.count('ok')} of {len(states)} digests match" if states else ""),
    ]
    return [{"What": name, "Found": str(value)} for name, value in held if value]


def member_rows(found: Mapping[str, Any]) -> list[Row]:
    """Every member with its state, what is wrong first."""
    order = ("missing", "changed", "extra", "ok")
    held = (found.get("members") or {}).items()
    return [{"Member": name, "State": state} for name, state in sorted(held, key=lambda p: (order.index(p[1]), p[0]))]


def content_rows(members: Sequence[tuple[str, int, str]]) -> list[Row]:
    """Files of a run with size and digest."""
    return [{"Member": name, "Size": fmt.size(size), "SHA-256": digest} for name, size, digest in members]


def open_points(document: Document) -> list[str]:
    """What a reader of the snapshot will see as unsettled: required checks that failed, could not tell or were not run."""
    words = {"FAIL": "failed", "INCONCLUSIVE": "could not tell", "NOT_RUN": "was not run"}
    return [f"{r['check']} {r['title']} {words[verdict_of(r)]}" for r in unsettled(document)]
