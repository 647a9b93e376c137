"""Behaviour canaries: models that loop, die, lie or flood. Each is a snippet that is run at load (`LOAD`) or at scoring (`SCORE`).

This file is also the `code` of the models; it sees numpy as np, the wire as FD, and what it is asked about as X. A scoring snippet
may set `p`, the probabilities it answers with.
"""

import os
import struct
import sys
import threading  # noqa: F401 - for the snippets
import time

FD = int(sys.argv[1]) if len(sys.argv) == 3 and sys.argv[1].isdigit() else -1


def frame(text, payload=b""):
    """A frame of the wire, as a hostile model would make it."""
    text = text if isinstance(text, bytes) else text.encode()
    os.write(FD, struct.pack(">Q", len(text)) + text + payload)


def pause(*_):
    """Wait for whatever the parent does."""
    time.sleep(60)


LOAD = {
    "loops while loading": "while True: pass",
    "sleeps while loading": "pause()",
    "leaves while loading": "os._exit(3)",
    "exits while loading": "sys.exit(4)",
    "raises while loading": "raise ValueError('<script>alert(1)</script>')",
    "is interrupted while loading": "raise KeyboardInterrupt",
    "takes 8 GB while loading": "bytearray(8 << 30)",
    "says it is something else": 'frame(\'{"ok": true, "class": "LogisticRegression", "libraries": 5, "payload": 0}\'); pause()',
    "names classes that are none": "self.classes_ = {'a': 1}",
    "names a million classes": "self.classes_ = list(range(1_000_000))",
    "names features that are none": "self.feature_names_in_ = 5",
    "names features with control characters": "self.feature_names_in_ = ['\\x1b[31ma\\u202e', 'x' * 5000]",
    "has attributes that raise": "type(self).__getattr__ = lambda s, n: 1 / 0",
    "has a name that is too long": "type(self).__name__ = '<b>' + 'x' * 100_000",
}

SCORE = {
    "loops": "while True: pass",
    "sleeps": "pause()",
    "ignores a request to end": "import signal; signal.signal(15, signal.SIG_IGN); signal.signal(2, signal.SIG_IGN)\nwhile True: pass",
    "leaves": "os._exit(7)",
    "exits": "sys.exit(8)",
    "is interrupted": "raise KeyboardInterrupt",
    "reads memory that is not there": "import ctypes; ctypes.string_at(0)",
    "aborts": "os.abort()",
    "calls itself without end": "f = lambda: f()\nf()",
    "breaks the stack": "sys.setrecursionlimit(10**9); f = lambda x: [f(x) for _ in '1']\nf(1)",
    "takes 8 GB": "bytearray(8 << 30)",
    "takes all memory bit by bit": "held = []\nwhile True: held.append(bytearray(1 << 26))",
    "starts 5000 threads": "threading.stack_size(1 << 16); [threading.Thread(target=pause, daemon=True).start() for _ in range(5000)]",
    "opens every file": "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(10**6)]",
    "raises": "raise ValueError('bad')",
    "raises with markup and control characters": "raise ValueError('<img src=x onerror=alert(1)>\\x1b[31m\\u202e\\n' * 9999)",
    "raises what cannot be shown": "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})",
    "raises what loops when shown": "raise type('E', (Exception,), {'__str__': pause})",
    "raises something with a long name": "raise type('<b>' * 50_000, (Exception,), {})",
    "closes the wire": "os.close(FD); pause()",
    "sends no frame": "os.write(FD, b'nonsense' * 100); pause()",
    "promises an endless frame": "os.write(FD, b'\\xff' * 8); pause()",
    "sends JSON that is deep": "frame('[' * 60_000); pause()",
    "sends something that is not JSON": "frame(b'\\xff\\xfe'); pause()",
    "sends a list": "frame('[1]'); pause()",
    "sends NaN": 'frame(\'{"ok": true, "shape": NaN, "payload": 0}\'); pause()',
    "sends half a frame": "os.write(FD, struct.pack('>Q', 100) + b'{'); pause()",
    "drips": "for byte in struct.pack('>Q', 50) + b' ' * 50: os.write(FD, bytes([byte])); time.sleep(0.3)",
    "promises too many scores": 'frame(\'{"ok": true, "payload": 99999999999}\'); pause()',
    "promises fewer than no scores": 'frame(\'{"ok": true, "payload": -8}\'); pause()',
    "promises scores in words": 'frame(\'{"ok": true, "payload": "many"}\'); pause()',
    "sends scores with a failure": "frame('{\"ok\": false, \"payload\": 8}', b'x' * 8); pause()",
    "fails without a word": "frame('{\"ok\": false}'); pause()",
    "sends scores without a shape": 'frame(\'{"ok": true, "payload": 24}\', bytes(24)); pause()',
    "sends another shape": 'frame(\'{"ok": true, "shape": [1, 3], "payload": 24}\', bytes(24)); pause()',
    "gives too few rows": "p = np.zeros((1, 2))",
    "gives too many rows": "p = np.zeros((10**6, 2))",
    "gives one column": "p = np.zeros((3, 1))",
    "gives a number": "p = 0.5",
    "gives nothing": "p = None",
    "gives text": "p = np.array([['a', 'b']] * 3)",
    "gives objects": "p = np.array([[object(), object()]] * 3)",
    "gives complex numbers": "p = np.full((3, 2), 1j)",
    "gives what never ends": "p = iter(int, 1)",
    "gives NaN and infinity": "p = np.array([[0, np.nan], [0, np.inf], [0, -np.inf]])",
    "changes what it was given": "X.iloc[:, :] = 1e9",
    "floods what it prints": "print('x' * 10**7); sys.stderr.write('y' * 10**7)",
    "floods what its C code writes": "try:\n    while True: os.write(2, b'x' * 65536)\nexcept OSError: pass",
    "spoofs a progress line": "os.write(1, b'{\"share\": 1.0}\\n'); print('{\"share\": 1.0}')",
    "replaces what answers": 'import json; json.dumps = lambda *a, **k: \'{"ok": true, "shape": [3], "payload": 24}\' * 1000',
    "answers before it is asked": 'frame(\'{"ok": true, "shape": [3], "payload": 24}\', bytes(24))',
    "does not go when asked": "import atexit; atexit.register(pause); threading.Thread(target=pause).start()",
}

BEHAVIOURS = {**dict.fromkeys(LOAD, "load"), **dict.fromkeys(SCORE, "score")}
NAMES = list(BEHAVIOURS)


class Odd:
    """A model that behaves in one of the ways."""

    def __init__(self, name):
        self.name = name
        self.classes_ = [0, 1]
        exec(LOAD.get(name, ""), {**globals(), "self": self})

    def predict_proba(self, X):
        import numpy as np

        held = {**globals(), "np": np, "X": X, "p": np.full((len(X), 2), 0.5)}
        exec(SCORE.get(self.name, ""), held)
        return held["p"]


def load(number):
    """What the pickle of a canary calls."""
    return type("Odd", (Odd,), {})(NAMES[number])
