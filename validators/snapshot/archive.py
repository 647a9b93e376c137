"""The snapshot's zip in its one canonical form: the same members give the same bytes, and anything else is named."""

import io
import zipfile
from collections.abc import Mapping

from ..core.errors import SnapshotError

ENVELOPE, MANIFEST = "envelope.json", "MANIFEST.sha256"
REQUIRED = ("results.json", "policy.toml")
MEMBERS = (*REQUIRED, "grid.json", "summaries.json", "self_trust.json", "report.html")
MAX_MEMBER = 200 * 1024 * 1024
MAX_FILE = 400 * 1024 * 1024


def canonical_zip(members: Mapping[str, bytes]) -> bytes:
    """A zip with the members in order of name, the envelope first, one fixed time, deflated."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(members, key=lambda n: (n != ENVELOPE, n)):
            info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.create_system = 3
            archive.writestr(info, members[name])
    return sink.getvalue()


def read_zip(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Members of a snapshot, and what is odd about the archive itself.

    Raises
    ------
    SnapshotError
        When it is no zip, or a member is encrypted, too large, twice there, or named like a path.
    """
    problems: list[str] = []
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _refuse_many(len(infos))
            for info in infos:
                _refuse_odd(info, members)
                try:
                    with archive.open(info) as file:
                        content = file.read(MAX_MEMBER + 1)
                except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
                    problems.append(f"{info.filename}: cannot be unpacked ({str(error)[:80]})")
                    continue
                _refuse_large(info.filename, len(content))
                members[info.filename] = content
    except SnapshotError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and zlib raise a dozen kinds on damaged bytes
        raise SnapshotError(f"snapshot: cannot be read as a zip ({str(error)[:80]})") from None
    if not problems and canonical_zip(members) != data:
        problems.append("archive: is not in canonical form (something beside the members was changed)")
    return members, problems


def _refuse_many(count: int) -> None:
    if count > 64:
        raise SnapshotError(f"snapshot: {count} members are more than 64")


def _refuse_large(name: str, size: int) -> None:
    if size > MAX_MEMBER:
        raise SnapshotError(f"snapshot: {name[:80]!r} unpacks to more than {MAX_MEMBER} bytes")


def _refuse_odd(info: zipfile.ZipInfo, members: Mapping[str, bytes]) -> None:
    name = info.filename
    if name in members or name.lower() in {m.lower() for m in members}:
        raise SnapshotError(f"snapshot: member {name[:80]!r} is there twice")
    if "/" in name or "\\" in name or ":" in name or name.startswith(".") or not name.isprintable():
        raise SnapshotError(f"snapshot: member name {name[:80]!r} is not a plain file name")
    if info.flag_bits & 0x1:
        raise SnapshotError(f"snapshot: member {name!r} is encrypted")
    if info.file_size > MAX_MEMBER:
        raise SnapshotError(f"snapshot: {name!r} says it unpacks to {info.file_size} bytes; at most {MAX_MEMBER}")
