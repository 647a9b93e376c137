"""Policy packs in words: which were laid over the policy of a run, what they ask for, and what each limit rests on."""

import tomllib
from collections.abc import Iterator

from ..io.packs import NOT_ADVICE
from .chart import Row, Table
from .reading import Document
from .words import limit_words, metric_kind, metric_label


def summary(name: str, text: str) -> str:
    """A pack in a line of the terminal."""
    held = tomllib.loads(text)
    return f"{name:<22} {held['version']:<7} {len(held['limits']):>2} limits  {held['title']}"


def pack_sentences(document: Document) -> Iterator[str]:
    """Each pack with what it says; nothing where no pack was chosen."""
    packs = document["plan"].get("packs", [])
    for p in packs:
        yield f"{p['title']} ({p['id']} {p['version']}, as of {p['as_of']}). {p['says']} Sources: {'; '.join(p['sources'])}."
    if packs:
        yield NOT_ADVICE


def pack_table(document: Document) -> Table | None:
    """The limits of the packs with their basis and reason; None where no pack was chosen."""
    rows: list[Row] = [
        {
            "Pack": p["id"],
            "Check": limit["check"],
            "Metric": metric_label(limit["metric"]),
            "Limit": limit_words(limit, metric_kind(limit["metric"])),
            "Basis": limit["basis"],
            "Reason": limit["reason"],
        }
        for p in document["plan"].get("packs", [])
        for limit in p["limits"]
    ]
    return Table(rows=rows) if rows else None
