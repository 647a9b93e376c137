"""Runs the attacks of `attacks.py` in a model's worker and watches from outside what came of them.

As a program: ``python -m tests.security.harness LAYERS [NAME...]`` prints what fired, as JSON; `as_nobody` runs it as an unprivileged user.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from validators.confined.process import LAYERS, Limits
from validators.core.errors import ModelError
from validators.models.client import open_model

from . import attacks

ROOT = Path(__file__).resolve().parents[2]
MODEL = b"\x80\x02cattacks\nAttack\n)\x81."  # a pickle of one instance, as small as it can be
NOBODY = 65534


class Arena:
    """A folder with something to lose, a process to hurt, and ports to reach."""

    def __init__(self, folder):
        self.folder = Path(folder) / "arena"
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.tcp, self.udp, self.abstract = (
            socket.socket(), socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX),
        )  # fmt: skip
        for held in (self.tcp, self.udp):
            held.bind(("127.0.0.1", 0))
        self.abstract.bind(b"\0seatrial-" + str(os.getpid()).encode())
        self.tcp.listen(64)
        self.abstract.listen(64)
        self.victim = self.local = None

    def prepare(self):
        """Everything anew; facts for the attacks."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (self.folder / "victim").write_text("unhurt")
        (self.folder / "secret").write_text("secret")
        (self.folder / "empty").mkdir()
        if self.local is not None:
            self.local.close()
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(str(self.folder / "local"))
        self.local.listen()
        if self.victim is None or self.victim.poll() is not None:
            self.victim = subprocess.Popen(["sleep", "1000"])

    def facts(self):
        """What the code of the attacks is told."""
        return {
            "folder": str(self.folder), "victim": self.victim.pid, "product": str(ROOT), "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1], "abstract": "\0seatrial-" + str(os.getpid()),
        }  # fmt: skip

    def state(self):
        """What is to stay as it is."""
        held = {p.name: (os.lstat(p).st_mode, os.lstat(p).st_mtime_ns, p.is_file() and p.read_bytes())
                for p in self.folder.iterdir() if not p.is_fifo() and not p.is_char_device()}  # fmt: skip
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.victim.wait(0.002)
        return held, self.victim.poll(), len(list(self.folder.iterdir()))

    def close(self):
        """Leave nothing."""
        self.victim.kill()
        self.victim.wait()
        for held in (self.tcp, self.udp, self.abstract, self.local):
            held.close()


def fire(layers, names=tuple(attacks.ATTACKS)):
    """Which attacks came through against these layers: by the attack's own word, or seen from here."""
    os.environ["SEATRIAL_SECRET"] = "x"
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        arena = Arena(folder)
        arena.prepare()
        inherited = os.open(arena.folder / "secret", os.O_RDONLY)
        os.set_inheritable(inherited, True)
        (Path(folder) / "m.joblib").write_bytes(MODEL)
        model, told = None, None
        for name in names:
            arena.prepare()
            if model is not None and told != arena.victim.pid:
                model.close()
                model = None
            if model is None:
                told = arena.victim.pid
                code = Path(folder) / "attacks.py"
                code.write_text(Path(attacks.__file__).read_text().replace("ARENA = {}", f"ARENA = {arena.facts()!r}"))
                model = open_model(
                    Path(folder) / "m.joblib", task="binary", positive=1, code=[code], allow_unconfined=True,
                    limits=Limits(layers=layers, call_s=20),
                )  # fmt: skip
            before = arena.state()
            try:
                claimed = model.predict(pd.DataFrame({"a": [attacks.NAMES.index(name)]}))[0] > 0
            except ModelError:
                claimed = False
            found[name] = bool(claimed or arena.state() != before)
            if name in attacks.ALONE:
                model.close()
                model = None
        if model is not None:
            model.close()
        os.close(inherited)
        arena.close()
    return found


def as_nobody(*arguments):
    """Output of this program as an unprivileged user, in a mount namespace in which Python can be reached by that user."""
    needed = dict.fromkeys(
        Path(p).resolve() for p in (sys.base_prefix, sys.prefix, ROOT, *sys.path) if Path(p).is_dir()
    )
    closed = {next((a for a in reversed(p.parents) if not a.stat().st_mode & 1), None): None for p in needed}
    script, temporary = ["set -e"], tempfile.mkdtemp()
    for top in filter(None, closed):
        inside = [p for p in needed if top in p.parents]
        inside = [p for p in inside if not any(q in p.parents for q in inside)]
        for i, path in enumerate(inside):
            script += [f"mkdir {temporary}/{i}", f"mount --bind '{path}' {temporary}/{i}"]
        script.append(f"mount -t tmpfs -o mode=755 none '{top}'")
        for i, path in enumerate(inside):
            script += [f"mkdir -p '{path}'", f"mount --bind {temporary}/{i} '{path}'"]
    script.append('exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"')
    command = [sys.executable, "-B", "-m", "tests.security.harness", *arguments]
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", "\n".join(script), "sh", *command],
            cwd=ROOT, env={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", "TMPDIR": "/tmp"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    finally:
        shutil.rmtree(temporary)
    if "Operation not permitted" in done.stderr:
        why = f"this container does not let root make a mount namespace: {done.stderr.strip()[:200]}"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    if done.returncode:
        raise RuntimeError(f"{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    wanted = tuple(layer for layer in LAYERS if layer in sys.argv[1].split(","))
    print(json.dumps({"user": os.getuid(), "fired": fire(wanted, tuple(sys.argv[2:]) or tuple(attacks.ATTACKS))}))
