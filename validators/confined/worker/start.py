"""Entry of the worker: ``python -I -B start.py FD CONFINEMENT``, the second argument being JSON: what to serve, and its limits."""

import importlib
import json
import os
import sys
import types


def import_beside(module):
    """A module of the folder of this file, in a package; sys.path stays as it is, so nothing else becomes importable."""
    package = types.ModuleType("seatrial_worker")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["seatrial_worker"] = package
    return importlib.import_module(f"seatrial_worker.{module}")


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    import_beside(given["serves"]).main(int(sys.argv[1]), given)
