"""What the worker has in force, what is refused below that, and the filter's answers on both kinds of machine."""

import errno
import os
import struct

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from validators.confined.process import LAYERS, Limits, Worker
from validators.confined.worker.calls import NUMBERS
from validators.confined.worker.confinement import level_of
from validators.confined.worker.landlock import handled
from validators.confined.worker.seccomp import ALLOW, KILL, LISTED, MACHINES, REFUSE, filter_for
from validators.core.errors import ModelError
from validators.models.client import open_model

X = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0)[::-1]})
WITHOUT = {"full": LAYERS, "partial": ("privileges", "seccomp"), "process": ()}


@pytest.fixture
def file(tmp_path):
    model = LogisticRegression().fit(X, np.arange(20) > 9)
    joblib.dump(model, tmp_path / "m.joblib")
    skops.io.dump(model, tmp_path / "m.skops")
    return tmp_path / "m.joblib"


def test_this_machine_confines_fully():
    """On a machine without Landlock or seccomp this fails, as what the other tests promise was not tried there."""
    worker = Worker(Limits())
    assert (worker.isolation, worker.end()) == ("full", "with exit code 0")


@pytest.mark.parametrize("level", ["partial", "process"])
def test_files_that_run_code_are_refused_below_level_full_with_the_ways_out(file, level):
    limits = Limits(layers=WITHOUT[level])
    with pytest.raises(ModelError, match=rf"m.joblib was not loaded.*level {level}.*skops.*--allow-unconfined"):
        open_model(file, task="binary", positive=True, limits=limits)
    with open_model(file.with_suffix(".skops"), task="binary", positive=True, limits=limits) as held:
        assert held.description.isolation == level
    code = file.with_name("own.py")
    code.write_text("")
    with pytest.raises(ModelError, match="code of its own"):
        open_model(file.with_suffix(".skops"), task="binary", positive=True, limits=limits, code=[code])


def test_whoever_trusts_the_author_can_load_them_all_the_same(file):
    with open_model(file, task="binary", positive=True, limits=Limits(layers=()), allow_unconfined=True) as held:
        assert held.description.isolation == "process"
        assert held.predict(X).shape == (20,)


def test_the_level_is_that_of_the_weakest_layer():
    assert level_of({"landlock": 7, "seccomp": True, "no_new_privs": True}) == "full"
    assert level_of({"landlock": 0, "seccomp": True, "no_new_privs": True}) == "partial"
    assert level_of({"landlock": 7, "seccomp": True, "no_new_privs": False}) == "process"


def test_the_structure_has_the_size_of_the_landlock_version():
    assert [len(handled(version)) for version in (1, 3, 4, 5, 6, 7)] == [8, 8, 16, 16, 24, 24]


def answer(machine, name, *arguments, architecture=None, number=None):
    """What the filter of a machine answers to a call of process 77: the program run by hand."""
    column, own = MACHINES[machine]
    number = NUMBERS[name][column] if number is None else number
    data = struct.pack("=iIQ6Q", number, architecture or own, 0, *arguments, *[0] * (6 - len(arguments)))
    program = [
        struct.unpack("=HBBI", filter_for(machine, 77)[i : i + 8]) for i in range(0, len(filter_for(machine, 77)), 8)
    ]
    held, at = 0, 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == 0x06:
            return k
        if code == 0x20:
            (held,) = struct.unpack_from("=I", data, k)
        else:
            at += yes if {0x15: held == k, 0x35: held >= k, 0x45: held & k}[code] else no


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("read", (), ALLOW),
        ("openat", (0, 0, os.O_RDONLY | os.O_CLOEXEC), ALLOW),
        *(("openat", (0, 0, flag), REFUSE | errno.EPERM) for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE)),
        ("clone", (0x3D0F00,), ALLOW),
        ("clone", (17,), REFUSE | errno.EPERM),
        ("clone", (0x3D0F00 | 0x10000000,), REFUSE | errno.EPERM),
        ("clone3", (), REFUSE | errno.ENOSYS),
        ("openat2", (), REFUSE | errno.ENOSYS),
        ("tgkill", (77, 78, 6), ALLOW),
        ("tgkill", (1, 1, 9), REFUSE | errno.EPERM),
        ("prctl", (15,), ALLOW),
        ("prctl", (1, 0), REFUSE | errno.EPERM),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), REFUSE | errno.EPERM),
        ("fcntl", (0, 3), ALLOW),
        ("fcntl", (0, 8), REFUSE | errno.EPERM),
        ("prlimit64", (0, 7, 0), ALLOW),
        ("prlimit64", (0, 7, 1 << 40), REFUSE | errno.EPERM),
        ("prlimit64", (1, 7, 0), REFUSE | errno.EPERM),
        ("sched_setaffinity", (1,), REFUSE | errno.EPERM),
        ("seccomp", (), REFUSE | errno.EPERM),
    ],
)  # fmt: skip
def test_the_filter_answers(machine, name, arguments, expected):
    assert answer(machine, name, *arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_not_listed_is_refused_and_another_architecture_is_killed(machine):
    column, _ = MACHINES[machine]
    listed = {NUMBERS[name][column] for name in LISTED} - {None}
    for number in set(range(600)) - listed:
        assert answer(machine, "", number=number) == REFUSE | errno.EPERM
    assert answer(machine, "read", architecture=0x40000003) == KILL


def test_calls_of_the_narrow_x86_are_killed():
    assert answer("x86_64", "", number=0x40000000) == KILL
