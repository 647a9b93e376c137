"""Entry of the worker: ``python -I -B start.py FD CONFINEMENT``, the second argument being JSON."""

import importlib
import json
import os
import sys
import types


def import_beside(name):
    """`serving` of the folder of this file, as package `name`; sys.path stays as it is, so nothing else becomes importable."""
    package = types.ModuleType(name)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[name] = package
    return importlib.import_module(f"{name}.serving")


if __name__ == "__main__":
    import_beside("seatrial_worker").main(int(sys.argv[1]), json.loads(sys.argv[2]))
