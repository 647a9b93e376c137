"""The worker's life: confine itself, say what is in force, receive a model, answer until the parent hangs up.

Labels never come in here.
"""

import faulthandler
import os
import socket
import sys
import warnings

from . import answers, confinement, fitted, flat_trees, loaders, sources, wire


def main(descriptor, config):
    """Serve on a socket that the parent passed."""
    warnings.simplefilter("ignore")
    faulthandler.disable()
    sock = socket.socket(fileno=descriptor)
    nowhere = open(os.devnull, "w")  # noqa: SIM115 - for as long as this process lives
    wire.send(sock, confinement.confine(config))
    # what a model prints goes nowhere; what its C code writes goes to the file that the parent gave
    sys.stdout = sys.stderr = nowhere
    try:
        model = receive_model(sock)
        while model is not None:
            answer_next(sock, model)
    except EOFError:
        return


def receive_model(sock):
    """The model that the parent passes, described to it; None where it could not be loaded."""
    header, _ = wire.read_message(sock)
    sys.meta_path.append(sources.SourceFinder(header["code"]))
    try:
        with wire.receive_file(sock) as file:
            model, types = loaders.load(file, header)
        answers.ready()
        reply = {"ok": True, **answers.describe(model), "types": types}
    except Exception as error:  # noqa: BLE001 - whatever a model file raises is answered
        model, reply = None, failure(error)
    wire.send(sock, reply)
    return model


def answer_next(sock, model):
    """Answer one question; EOFError when the parent has hung up."""
    header, payload = wire.read_message(sock)
    try:
        reply, content = answer(model, header, payload)
    except Exception as error:  # noqa: BLE001 - whatever a model raises is answered
        reply, content = failure(error), b""
    wire.send(sock, reply, content)


def answer(model, header, payload):
    """Header and payload of the reply to one question."""
    if header.get("ask") == "fitted_statistics":
        return {"ok": True, "found": fitted.fitted_statistics(model)}, b""
    if header.get("ask") == "trees":
        return flat_trees.answer(model, answers.frame_of(header, payload))
    import numpy as np

    give = answers.predict_in_threads if header.get("threads") else answers.predict
    scores = np.ascontiguousarray(give(model, header, answers.frame_of(header, payload)))
    return {"ok": True, "shape": list(scores.shape)}, scores.tobytes()


def failure(error):
    """What was raised, as text."""
    return {"ok": False, "type": type(error).__name__[:80], "message": str(error)[:2000]}
