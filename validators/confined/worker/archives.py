"""A zip before a library opens it: what no program that saves models writes into one is refused, in a sentence."""

import io
import stat

MOST_MEMBERS, MOST_BYTES = 100_000, 4 << 30
ENCRYPTED = 0x1


def refuse_odd(data):
    """Raise ValueError where the archive has too many members or bytes, or one that is named twice, like a path, or is a link.

    More bytes than a member says it has are never unpacked: `zipfile` stops there.
    """
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"its archive has {len(members):,} members; at most {MOST_MEMBERS:,} are read")
    size = sum(m.file_size for m in members)
    if size > MOST_BYTES:
        raise ValueError(f"its archive unpacks to {size:,} bytes; at most {MOST_BYTES:,} are read")
    seen: set[str] = set()
    for member in members:
        odd = oddity(member, seen)
        if odd:
            raise ValueError(f"member {member.filename[:80]!r} of its archive {odd}; save the model anew")
        seen.add(member.filename.casefold())


def oddity(member, seen):
    """What is odd about a member, in words; empty where nothing is."""
    name = member.filename
    if name.casefold() in seen:
        return "is there twice"
    if any(c in name for c in "/\\:") or not name.isprintable() or name.startswith("."):
        return "is named like a path"
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is no plain file"
    return "is encrypted" if member.flag_bits & ENCRYPTED else ""
