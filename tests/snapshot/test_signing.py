"""Snapshots: what is signed stays signed; every altered, removed or added member is named; others can verify."""

import base64
import hashlib
import json
import subprocess
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from validators.core.errors import KeyFileError, SnapshotError
from validators.snapshot import keys
from validators.snapshot.archive import ENVELOPE, canonical_zip, read_zip
from validators.snapshot.build import build_snapshot
from validators.snapshot.dsse import pae, parse, sign, verified
from validators.snapshot.verify import INVALID, NOT_MET, UNTRUSTED, VALID, read_member, verify_snapshot

PASSPHRASE = b"correct horse"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY = b'id = "p"\n'


def document(**changes):
    """The fields of results.json that are bound."""
    return {
        "project": {"id": "m", "version": "1.0"},
        "inputs": {
            "project": {"sha256": "0" * 64},
            "model": {"candidate": {"file": "c.skops", "sha256": hashlib.sha256(b"model").hexdigest()}, "prior": None},
            "data": {"test": {"file": "test.parquet", "sha256": hashlib.sha256(b"rows").hexdigest()}},
        },
        "policy": {"id": "p", "version": "1", "tier": 2, "sha256": hashlib.sha256(POLICY).hexdigest()},
        "plan": {"suite": "release", "seed": 7, "narrowed": False},
        "environment": {"seatrial": "0.1.0", "isolation": "process"},
        "run": {"id": "r1"},
        "verdict": "FAILED",
        "results": [
            {"check": "PRF101", "status": "MEASURED", "verdict": "FAIL"},
            {"check": "BKT101", "status": "ERROR", "verdict": None},
        ],
    } | changes


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(document()))
    (folder / "policy.toml").write_bytes(POLICY)
    for name in ("grid.json", "summaries.json"):
        (folder / name).write_text("{}")
    (folder / "report.html").write_text("<p>x</p>")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    keys.new_key("alice", PASSPHRASE, folder, owner="Alice")
    return folder


@pytest.fixture
def private(home):
    return keys.load_private("alice", PASSPHRASE, home)


@pytest.fixture
def snapshot(run, private, tmp_path):
    return build_snapshot(run, private_key=private, out=tmp_path / "s.zip", created=WHEN)


def check(file, home, **more):
    return verify_snapshot(file, trust=home / "trust", **more)


def test_a_sound_snapshot_is_valid_and_says_who_what_and_when(snapshot, home):
    found = check(snapshot, home)

    assert (found.code, found.owner, found.verdict, found.model) == (VALID, "Alice", "FAILED", "m 1.0")
    assert found.created.startswith("2026-01-02T03:04:05")
    assert set(found.members.values()) == {"ok"}
    assert len(found.members) == 6


def test_a_failed_snapshot_is_valid_but_does_not_meet_a_demand_for_a_pass(snapshot, home):
    assert check(snapshot, home, require="passed").code == NOT_MET
    assert check(snapshot, home, require="approved").code == NOT_MET


def test_the_files_that_were_tested_are_recognised_and_others_are_not(snapshot, home, tmp_path):
    (tmp_path / "model").write_bytes(b"model")
    (tmp_path / "rows").write_bytes(b"rows")
    (tmp_path / "other").write_bytes(b"other")

    assert check(snapshot, home, model=tmp_path / "model", data={"test": tmp_path / "rows"}).code == VALID
    assert "is not the candidate" in check(snapshot, home, model=tmp_path / "other").messages[0]
    assert "is not the test" in check(snapshot, home, data={"test": tmp_path / "other"}).messages[0]
    assert "names none" in check(snapshot, home, data={"train": tmp_path / "other"}).messages[0]


def test_the_same_run_and_time_give_the_same_bytes(run, private, tmp_path):
    files = [
        build_snapshot(run, private_key=private, out=tmp_path / f"{k}.zip", created=WHEN).read_bytes() for k in "ab"
    ]

    assert files[0] == files[1]


def test_every_flipped_bit_of_an_envelope_is_rejected(private):
    data = sign(b'{"a":1}', private)
    kept = 0
    for i in range(len(data)):
        for bit in range(8):
            spoiled = bytearray(data)
            spoiled[i] ^= 1 << bit
            try:
                kept += verified(parse(bytes(spoiled)), private.public_key())
            except SnapshotError:
                continue

    assert kept == 0


def spoil(file, change, tmp_path):
    """The snapshot with its members changed and zipped again."""
    members, _ = read_zip(file.read_bytes())
    change(members)
    out = tmp_path / "spoiled.zip"
    out.write_bytes(canonical_zip(members))
    return out


@pytest.mark.parametrize(
    "name", ["results.json", "policy.toml", "grid.json", "summaries.json", "report.html", "MANIFEST.sha256"]
)
def test_every_altered_removed_or_added_member_is_named(snapshot, home, tmp_path, name):
    def alter(members):
        members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])

    def rename(members):
        members["x" + name] = members.pop(name)

    altered = check(spoil(snapshot, alter, tmp_path), home)
    removed = check(spoil(snapshot, lambda m: m.pop(name), tmp_path), home)
    renamed = check(spoil(snapshot, rename, tmp_path), home)

    assert {INVALID} == {altered.code, removed.code, renamed.code}
    assert f"{name}: changed" in altered.messages
    assert f"{name}: missing" in removed.messages
    assert {f"{name}: missing", f"x{name}: extra"} <= set(renamed.messages)


def test_every_changed_byte_of_the_file_is_noticed(snapshot, home, tmp_path):
    data = snapshot.read_bytes()
    out = tmp_path / "byte.zip"
    for i in range(0, len(data), 7):
        out.write_bytes(data[:i] + bytes([data[i] ^ 0x10]) + data[i + 1 :])
        try:
            code = check(out, home).code
        except SnapshotError:
            continue
        assert code in (INVALID, UNTRUSTED), i


@pytest.mark.parametrize("tail", [b"x", b"PK\x05\x06"])
def test_data_after_the_archive_is_noticed(snapshot, home, tmp_path, tail):
    out = tmp_path / "tail.zip"
    out.write_bytes(snapshot.read_bytes() + tail)
    try:
        assert check(out, home).code == INVALID
    except SnapshotError:
        return


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "C:\\x", ".hidden", "a\x00b"])
def test_names_like_paths_are_refused(name):
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    if name == "a\x00b":
        return  # zipfile itself cuts the name at the zero
    with pytest.raises(SnapshotError, match="plain file name"):
        read_zip(sink.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twin", ["results.json", "RESULTS.json"])
def test_a_member_that_is_there_twice_is_refused(twin):
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("results.json", b"a")
        archive.writestr(twin, b"b")
    with pytest.raises(SnapshotError, match="there twice"):
        read_zip(sink.getvalue())


def test_an_unknown_revoked_or_expired_key_is_not_trusted(snapshot, home, tmp_path):
    assert check(snapshot, tmp_path).code == UNTRUSTED
    public = home / "keys" / "alice.pub.pem"
    keys.trust(public, tmp_path)
    assert check(snapshot, tmp_path).code == VALID
    record = next((tmp_path / "trust").glob("*.json"))
    for change, word in (
        ({"not_after": "2025-01-01T00:00:00+00:00"}, "expired"),
        ({"not_before": "2027-01-01T00:00:00+00:00"}, "valid from"),
    ):
        held = json.loads(record.read_text())
        record.write_text(json.dumps(held | change))
        assert word in check(snapshot, tmp_path).messages[0]
        record.write_text(json.dumps(held))
    keys.revoke("alice", tmp_path, reason="lost")
    assert "revoked" in check(snapshot, tmp_path).messages[0]
    assert check(snapshot, tmp_path).code == UNTRUSTED


def test_a_statement_signed_again_by_a_stranger_is_not_trusted(snapshot, home, tmp_path):
    def sign_again(members):
        members[ENVELOPE] = sign(parse(members[ENVELOPE]).payload, Ed25519PrivateKey.generate())

    assert check(spoil(snapshot, sign_again, tmp_path), home).code == UNTRUSTED


def test_the_key_of_another_named_as_the_signer_is_found_out(snapshot, home, tmp_path):
    def swap(members):
        held = json.loads(members[ENVELOPE])
        other = json.loads(sign(parse(members[ENVELOPE]).payload, Ed25519PrivateKey.generate()))
        held["signatures"][0]["sig"] = other["signatures"][0]["sig"]
        members[ENVELOPE] = json.dumps(held, indent=1).encode() + b"\n"

    found = check(spoil(snapshot, swap, tmp_path), home)
    assert found.code == INVALID
    assert "not that of Alice" in found.messages[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d | {"extra": 1},
        lambda d: d | {"payloadType": "text/plain"},
        lambda d: d | {"signatures": []},
        lambda d: d | {"signatures": d["signatures"] * 2},
        lambda d: d | {"payload": d["payload"].rstrip("=") + "\n"},
        lambda d: {"payloadType": d["payloadType"], "payload": d["payload"], "signatures": d["signatures"]},
    ],
)
def test_envelopes_in_any_other_form_are_refused(private, change):
    data = json.loads(sign(b"{}", private))

    with pytest.raises(SnapshotError):
        parse(json.dumps(change(data), indent=1).encode() + b"\n")


def test_duplicate_keys_and_not_a_number_are_refused():
    for text in (b'{"a":1,"a":2}', b'{"payload": NaN}', b"[" * 100_000):
        with pytest.raises(SnapshotError):
            parse(text)


@given(st.binary(max_size=400))
def test_any_bytes_are_parsed_or_refused(data):
    for reader in (parse, read_zip):
        with pytest.raises(SnapshotError):
            reader(data)


def test_nothing_is_overwritten_and_a_failing_disk_leaves_nothing(run, private, tmp_path, monkeypatch):
    out = tmp_path / "once.zip"
    build_snapshot(run, private_key=private, out=out, created=WHEN)
    with pytest.raises(SnapshotError, match="never written over"):
        build_snapshot(run, private_key=private, out=out, created=WHEN)

    def full(*_):
        raise OSError(28, "No space left on device")

    for broken in ("os.fsync", "os.link"):
        with monkeypatch.context() as patch:
            patch.setattr(broken, full)
            with pytest.raises(SnapshotError, match="No space left"):
                build_snapshot(run, private_key=private, out=tmp_path / "full.zip", created=WHEN)
        assert not list(tmp_path.glob("*full.zip*"))


def test_golden_rows_scenarios_and_the_prior_snapshot_are_subjects_too(run, private, tmp_path):
    inputs = document()["inputs"] | {
        name: {"file": file, "sha256": digit * 64}
        for name, file, digit in (
            ("golden", "golden.csv", "1"),
            ("scenarios", "bad_times", "2"),
            ("prior_snapshot", "p.zip", "3"),
        )
    }
    (run / "results.json").write_text(json.dumps(document(inputs=inputs)))
    built = build_snapshot(run, private_key=private, out=tmp_path / "s.zip", created=WHEN)
    held = json.loads(parse(read_zip(built.read_bytes())[0][ENVELOPE]).payload)

    stated = {s["name"]: s["digest"]["sha256"][0] for s in held["subject"]}
    assert stated["golden/golden.csv"] == "1"
    assert stated["scenarios/bad_times"] == "2"
    assert stated["prior_snapshot/p.zip"] == "3"


def test_a_policy_that_was_swapped_after_the_run_is_refused(run, private, tmp_path):
    (run / "policy.toml").write_text('id = "milder"\n')

    with pytest.raises(SnapshotError, match="not the policy"):
        build_snapshot(run, private_key=private, out=tmp_path / "x.zip", created=WHEN)


def test_a_member_is_read_only_if_it_is_the_signed_one(snapshot, tmp_path):
    assert read_member(snapshot, "grid.json") == b"{}"
    with pytest.raises(SnapshotError, match="not the one that was signed"):
        read_member(spoil(snapshot, lambda m: m.update({"grid.json": b"[]"}), tmp_path), "grid.json")
    with pytest.raises(SnapshotError, match=r"has no rows\.parquet"):
        read_member(snapshot, "rows.parquet")


def test_the_digest_of_the_snapshot_before_is_bound(run, private, snapshot, tmp_path, home):
    later = build_snapshot(run, private_key=private, out=tmp_path / "2.zip", created=WHEN, prev=snapshot)
    members, _ = read_zip(snapshot.read_bytes())

    assert check(later, home).statement["predicate"]["prev"] == hashlib.sha256(members[ENVELOPE]).hexdigest()


def test_private_keys_are_for_the_owners_eyes_and_need_the_passphrase(home, tmp_path):
    path = home / "keys" / "alice"
    assert path.stat().st_mode & 0o077 == 0
    assert b"OPENSSH PRIVATE KEY" in path.read_bytes()
    with pytest.raises(KeyFileError, match="wrong passphrase") as caught:
        keys.load_private("alice", b"something else", home)
    assert "something" not in str(caught.value)
    with pytest.raises(KeyFileError, match="exists"):
        keys.new_key("alice", PASSPHRASE, home)
    with pytest.raises(KeyFileError, match="at least 8"):
        keys.new_key("bob", b"short", home)
    exposed = keys.new_key("carol", PASSPHRASE, tmp_path)
    exposed.chmod(0o644)
    with pytest.raises(KeyFileError, match="others can read"):
        keys.load_private("carol", PASSPHRASE, tmp_path)
    with pytest.raises(KeyFileError, match="no key"):
        keys.load_private("nobody", PASSPHRASE, home)


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "", "x" * 65, "a b", "x.pem"])
def test_key_names_are_plain(name, tmp_path):
    with pytest.raises(KeyFileError, match="key name"):
        keys.new_key(name, PASSPHRASE, tmp_path)


@given(st.binary(max_size=200))
def test_any_file_is_a_key_to_trust_or_is_refused(data):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "k.pem"
        file.write_bytes(data)
        with pytest.raises((KeyFileError, SnapshotError)):
            keys.trust(file, Path(folder))


def test_securesystemslib_verifies_our_envelope(snapshot, home):
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    members, _ = read_zip(snapshot.read_bytes())
    held = json.loads(members[ENVELOPE])
    key = keys.trusted_keys(home / "trust")[0]
    raw = key.key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    theirs = Envelope.from_dict(held)
    public = SSlibKey(key.keyid, "ed25519", "ed25519", {"public": raw})

    assert theirs.pae() == pae(base64.b64decode(held["payload"]))
    assert theirs.verify([public], 1)


def test_the_openssl_command_verifies_our_signature(snapshot, home, tmp_path):
    members, _ = read_zip(snapshot.read_bytes())
    held = json.loads(members[ENVELOPE])
    (tmp_path / "pae").write_bytes(pae(base64.b64decode(held["payload"])))
    (tmp_path / "sig").write_bytes(base64.b64decode(held["signatures"][0]["sig"]))
    public = str(home / "keys" / "alice.pub.pem")
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", "pae", "-sigfile", "sig"]

    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "pae").write_bytes(b"x")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_the_golden_envelope_verifies_for_ever():
    from pathlib import Path

    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    golden = Path(__file__).resolve().parents[1] / "golden"
    key = load_pem_public_key((golden / "key.pub.pem").read_bytes())

    assert verified(parse((golden / "envelope.json").read_bytes()), key)


def test_the_lines_of_the_documentation_verify_without_seatrial(snapshot, home, tmp_path):
    import re
    import shutil
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text("utf-8")
    lines = re.search(r"```sh\n(.*?)```", text, flags=re.DOTALL).group(1)
    place = tmp_path / "auditor"
    place.mkdir()
    shutil.copy(snapshot, place / "model.seatrial.zip")
    shutil.copy(home / "keys" / "alice.pub.pem", place / "validator.pub.pem")
    found = subprocess.run(["bash", "-e", "-c", lines], cwd=place, check=False, capture_output=True, text=True)

    assert found.returncode == 0, found.stderr
    assert "Verified Successfully" in found.stdout
    assert found.stdout.count(": OK") == 6
