"""Models that loop, die, lie or flood: each is answered in one sentence, in time, and the parent goes on."""

import os
import re
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from validators.confined.process import Limits
from validators.core.errors import ModelError
from validators.models.client import open_model

from . import behaviours
from .behaviours import BEHAVIOURS, NAMES

X = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
SHORT, LONG = Limits(load_s=3, call_s=2, memory_bytes=2 << 30), Limits(memory_bytes=2 << 30)
HALF = [0.5, 0.5, 0.5]
ENDED, TOO_LATE, DIED = "its process was ended", "within [23] s; its process was ended", "process .*ended with"
# what the parent says, or the scores that come back; loads are told by what loading says
EXPECTED = {
    "loops while loading": TOO_LATE,
    "sleeps while loading": TOO_LATE,
    "leaves while loading": "exit code 3",
    "exits while loading": "exit code 4",
    "raises while loading": r"cannot be loaded \(ValueError: <script>",
    "is interrupted while loading": DIED,
    "takes 8 GB while loading": "MemoryError",
    "says it is something else": "described itself",
    "names classes that are none": "knows no class 1",
    "names a million classes": "the model names 1,000,000 classes; at most",
    "names features that are none": "cannot be loaded|described itself",
    "names features with control characters": "the rows have no column",
    "has attributes that raise": "cannot be loaded|ZeroDivisionError",
    "has a name that is too long": HALF,
    "loops": TOO_LATE,
    "sleeps": TOO_LATE,
    "ignores a request to end": TOO_LATE,
    "leaves": "exit code 7",
    "exits": "exit code 8",
    "is interrupted": DIED,
    "reads memory that is not there": "SIGSEGV",
    "aborts": "SIGABRT",
    "calls itself without end": "RecursionError",
    "breaks the stack": DIED + "|MemoryError|RecursionError|" + TOO_LATE,
    "takes 8 GB": "MemoryError",
    "takes all memory bit by bit": "MemoryError|" + DIED + "|" + TOO_LATE,
    "starts 5000 threads": "can't start new thread|" + DIED + "|" + TOO_LATE,
    "opens every file": "Too many open files",
    "raises": r"raised ValueError: bad",
    "raises with markup and control characters": "raised ValueError: <img",
    "raises what cannot be shown": DIED,
    "raises what loops when shown": TOO_LATE,
    "raises something with a long name": "raised <b><b>",
    "closes the wire": DIED,
    "sends no frame": ENDED,
    "promises an endless frame": "header of .* bytes",
    "sends JSON that is deep": "not JSON",
    "sends something that is not JSON": "not JSON",
    "sends a list": "not an object",
    "sends NaN": "not JSON",
    "sends half a frame": TOO_LATE,
    "drips": TOO_LATE,
    "promises too many scores": "99999999999 bytes of scores where 24 were due",
    "promises fewer than no scores": "-8 bytes",
    "promises scores in words": "many bytes",
    "sends scores with a failure": "payload with a failure",
    "fails without a word": "raised",
    "sends scores without a shape": "shape",
    "sends another shape": "shape",
    "gives too few rows": "bytes of scores|shape",
    "gives too many rows": "bytes of scores|shape",
    "gives one column": "raised IndexError",
    "gives a number": "raised",
    "gives nothing": "raised",
    "gives text": "raised ValueError",
    "gives objects": "raised TypeError",
    "gives complex numbers": "raised|bytes",
    "gives what never ends": "raised TypeError",
    "gives NaN and infinity": [np.nan, np.inf, -np.inf],
    "changes what it was given": HALF,
    "floods what it prints": HALF,
    "floods what its C code writes": HALF,
    "spoofs a progress line": HALF,
    "replaces what answers": "not JSON",
    "answers before it is asked": [0.0, 0.0, 0.0],
    "does not go when asked": HALF,
}
# some of every kind in the default suite, all of them in the slow one
FAST = (
    "raises while loading", "says it is something else", "names features with control characters", "leaves", "aborts", "takes 8 GB",
    "raises with markup and control characters", "sends JSON that is deep", "drips", "promises too many scores",
    "gives too few rows", "gives NaN and infinity", "floods what its C code writes", "replaces what answers",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A pickle per behaviour; it calls `load` with its number."""
    folder = tmp_path_factory.mktemp("behaviours")
    (folder / "behaviours.py").write_text(Path(behaviours.__file__).read_text())
    for k in range(len(NAMES)):
        (folder / f"m{k}.pkl").write_bytes(b"\x80\x02cbehaviours\nload\nK" + bytes([k]) + b"\x85R.")
    return folder


def told(files, name):
    """The scores, or the sentence; and that nothing is left of the worker."""
    started, seen = time.monotonic(), X.copy()
    path = files / f"m{NAMES.index(name)}.pkl"
    try:
        with open_model(
            path,
            task="binary",
            positive=1,
            code=[files / "behaviours.py"],
            limits=SHORT if TOO_LATE in EXPECTED[name] else LONG,
        ) as held:
            found = held.predict(X).tolist()
    except ModelError as error:
        found = str(error)
    pd.testing.assert_frame_equal(X, seen)
    assert time.monotonic() - started < 100
    left = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
    ).stdout
    # the idle reader of data files, which other tests of this process started, may be there
    assert '"serves": "serving"' not in left
    return found


def answered(files, name):
    """Hold what came against what was expected."""
    found, expected = told(files, name), EXPECTED[name]
    if isinstance(expected, list):
        np.testing.assert_array_equal(found, expected)
    else:
        assert isinstance(found, str), found
        assert re.search(expected, found), found
        assert len(found) < 600
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", found)


def test_every_behaviour_has_an_expectation():
    assert len(BEHAVIOURS) >= 40
    assert EXPECTED.keys() == BEHAVIOURS.keys()


@pytest.mark.parametrize("name", FAST)
def test_the_parent_says_what_happened_and_goes_on(files, name):
    answered(files, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in NAMES if n not in FAST])
def test_the_parent_goes_on_whatever_a_model_does(files, name):
    answered(files, name)
