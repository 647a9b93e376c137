"""Files that attack as they are loaded, in every wrapping that joblib opens: stopped, and live when nothing stops them."""

import contextlib
import logging
import lzma
import os
import pathlib
import pickle
import sqlite3
import time
import zlib

import joblib
import numpy as np
import pandas as pd
import pytest

from validators.confined.process import LAYERS, Limits
from validators.core.errors import ModelError
from validators.models.client import open_model


class Calls:
    """Its pickle calls a function when it is loaded."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


PAYLOADS = {
    "a shell": lambda path: Calls(os.system, f"touch {path}"),
    "a new file": lambda path: Calls(open, str(path), "w"),
    "pathlib": lambda path: Calls(pathlib.Path.touch, path),
    "a log": lambda path: Calls(logging.FileHandler, str(path)),
    "a database": lambda path: Calls(sqlite3.connect, str(path)),
    "an array": lambda path: Calls(np.savetxt, str(path), [1.0]),
    "a table": lambda path: Calls(pd.DataFrame.to_csv, pd.DataFrame({"a": [1]}), str(path)),
    "a model": lambda path: Calls(joblib.dump, [1], str(path)),
}
WRAPPINGS = {"plain": bytes, "zlib": zlib.compress, "lzma": lzma.compress}


def loaded(folder, name, wrapping, layers):
    """Whether the file that the payload is after is there once the model file was loaded."""
    target, file = folder / "there", folder / "m.joblib"
    target.unlink(missing_ok=True)
    payload = [PAYLOADS[name](target), np.zeros(3)] if wrapping == "plain" else PAYLOADS[name](target)
    file.write_bytes(WRAPPINGS[wrapping](pickle.dumps(payload)))
    with (
        contextlib.suppress(ModelError),
        open_model(file, task="regression", limits=Limits(layers=layers), allow_unconfined=True),
    ):
        pass
    return target.exists()


CASES = [*((name, "plain") for name in PAYLOADS), ("a shell", "zlib"), ("a shell", "lzma")]


@pytest.mark.parametrize(("name", "wrapping"), [c for c in CASES if c[0] == "a shell"])
def test_an_attack_at_loading_is_stopped(tmp_path, name, wrapping):
    assert not loaded(tmp_path, name, wrapping, LAYERS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wrapping"), CASES)
def test_attacks_at_loading_are_stopped_and_live(tmp_path, name, wrapping):
    assert not loaded(tmp_path, name, wrapping, LAYERS)
    assert loaded(tmp_path, name, wrapping, ())


@pytest.mark.slow
def test_a_small_file_that_becomes_large_ends_in_a_sentence(tmp_path):
    size, packer = 3 << 29, zlib.compressobj(1)
    parts = [packer.compress(b"\x80\x04\x8e" + size.to_bytes(8, "little"))]
    parts += [packer.compress(bytes(1 << 24)) for _ in range(size >> 24)]
    (tmp_path / "m.joblib").write_bytes(b"".join([*parts, packer.compress(b"."), packer.flush()]))
    started = time.monotonic()

    with pytest.raises(ModelError, match=r"m.joblib .*memory_gb"):
        open_model(tmp_path / "m.joblib", task="regression", limits=Limits(memory_bytes=1 << 30))
    assert time.monotonic() - started < 60
