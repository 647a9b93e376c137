"""Every parser of ours takes what somebody changed: it is read, or refused with an error of ours, and never anything else."""

import copy
import io
import json
import random
import socket
import struct
import time
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import validators
from tests.pages.runs import project
from tests.views.documents import document
from validators.catalog import catalog
from validators.confined.protocol import clean, receive
from validators.confined.worker import onnx_graph, wire
from validators.core.errors import ModelError, PolicyError, ProjectError, RunError, SeatrialError
from validators.core.records import Family
from validators.engine.documents import grid_from, summaries_from
from validators.engine.places import read_summaries
from validators.engine.results import judged_again, results_from
from validators.engine.settings import endpoint_hosts, job_limits, limits_of
from validators.io.packs import pack_text, with_packs
from validators.io.policies import policy_text, read_policy
from validators.io.scenarios import read_scenarios
from validators.models.description import described
from validators.models.endpoint import Endpoint
from validators.models.ensembles import flat_trees_from, size_of
from validators.views.compare import compare
from validators.views.report import report_html
from validators.views.text import summary_lines

METRICS = {c.code: c.metrics for c in catalog()}
FAMILIES = tuple(f.value for f in Family)
ODD = (
    None,
    5,
    -1,
    2**70,
    0.5,
    1e308,
    float("inf"),
    float("nan"),
    "",
    "x",
    "2025-01-01",
    "\x00",
    True,
    [],
    {},
    [[]],
    {"a": 1},
    ["a"],
)
GONE = object()

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
anything = st.recursive(
    plain,
    lambda held: st.lists(held, max_size=3) | st.dictionaries(st.text(max_size=6), held, max_size=3),
    max_leaves=8,
)


def places(held, at=()):
    yield at
    for key, value in held.items() if isinstance(held, dict) else enumerate(held[:3]) if isinstance(held, list) else ():
        yield from places(value, (*at, key))


def changed(sound, seed):
    """A document of which one to three places hold something else, or nothing."""
    chance, held = random.Random(seed), copy.deepcopy(sound)
    for _ in range(chance.randint(1, 3)):
        at = chance.choice([p for p in places(held) if p])
        inside = held
        for key in at[:-1]:
            inside = inside[key]
        value = chance.choice((*ODD, GONE))
        if value is GONE:
            del inside[at[-1]]
        else:
            inside[at[-1]] = copy.deepcopy(value)
    return held


def read_or_refused(read, *kinds):
    """What came of it; anything but an error of these kinds goes on."""
    try:
        return read()
    except kinds as error:
        silent = not str(error).strip() and not isinstance(error, EOFError)  # which its callers put into words
    assert not silent
    return None


@pytest.mark.parametrize("batch", range(4))
def test_changed_results_are_told_before_a_view_meets_them(batch):
    sound, read = json.loads(json.dumps(document())), 0
    policy = read_policy(policy_text(2), name="p", metrics=METRICS, families=FAMILIES)
    for seed in range(batch * 60, batch * 60 + 60):
        data = json.dumps(changed(sound, seed)).encode()
        found = read_or_refused(lambda data=data: results_from(data, "results.json"), RunError)
        if found is not None:
            read += 1
            report_html(found)
            list(summary_lines(found))
            compare(sound, found)
            judged_again(found, policy, "0" * 64)
    assert read < 60


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_results_hold_no_number_that_is_none(number):
    text = json.dumps(document()).replace('"n": ', f'"x": {number}, "n": ', 1)
    with pytest.raises(RunError, match="cannot be read as JSON"):
        results_from(text.encode(), "results.json")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Summaries and grid of a small run."""
    from tests.pages.runs import run

    out = run(project(tmp_path_factory.mktemp("stored")))
    return out, [json.loads((out / f"{name}.json").read_bytes()) for name in ("summaries", "grid")]


def test_changed_summaries_and_grids_are_told(stored, tmp_path):
    out, (summaries, grid) = stored
    assert summaries_from(summaries)
    assert grid_from(grid)
    for seed in range(300):
        read_or_refused(lambda seed=seed: summaries_from(changed(summaries, seed)), RunError)
        read_or_refused(lambda seed=seed: grid_from(changed(grid, seed)), RunError)
    for text in ("[]", "{", "[" * 100_000, '{"roles": []}', "null"):
        for name in ("summaries.json", "grid.json"):
            held = tmp_path / "run"
            held.mkdir(exist_ok=True)
            for file in ("summaries.json", "grid.json"):
                (held / file).write_bytes((out / file).read_bytes())
            (held / name).write_text(text)
            with pytest.raises(RunError):
                read_summaries(held, "test:outcomes/all")


@given(anything)
def test_anything_is_no_summary_and_no_grid(held):
    for read in (summaries_from, grid_from):
        with pytest.raises(RunError):
            read(held)


def toml(held, at=""):
    """A document as TOML, as far as it can be said there."""
    lines = []
    for key, value in held.items():
        name = json.dumps(key)
        if isinstance(value, dict):
            lines.append(f"[{at}{name}]\n{toml(value, f'{at}{name}.')}")
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            lines += [f"[[{at}{name}]]\n{toml(v, f'{at}{name}.')}" for v in value]
        elif value is not None:
            lines.insert(0, f"{name} = {inline(value)}")
    return "\n".join(lines)


def inline(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {inline(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(v) for v in value if v is not None) + "]"
    return json.dumps(value) if isinstance(value, str) else {"inf": "inf", "nan": "nan"}.get(str(value), repr(value))


def test_changed_policies_and_packs_are_told():
    pack = pack_text("eu-employment") if "eu-employment" in _packs() else pack_text(_packs()[0])
    both = with_packs(policy_text(2), [pack])
    sound, refused = tomllib.loads(both), 0
    for seed in range(150):
        text = toml(changed(sound, seed))
        found = read_or_refused(
            lambda text=text: read_policy(text, name="p", metrics=METRICS, families=FAMILIES), PolicyError
        )
        refused += found is None
    assert refused > 50


def _packs():
    from validators.io.packs import pack_names

    return pack_names()


@given(st.text(max_size=60))
def test_any_text_is_a_pack_or_is_refused(text):
    read_or_refused(lambda: with_packs('id = "a"\n', [text]), PolicyError)


@pytest.mark.parametrize(
    "text",
    ["tier = []", "tier = '2'", "required = 5", "required_subjects = 7", "limits = [[]]", "[[limits]]\ncheck = []", "packs = [5]",
     "[[packs]]\nid = []", "[[packs]]\nrequired = 5", "[[packs]]\nlimits = 5", "[[packs]]\nsources = 5"],
)  # fmt: skip
def test_a_policy_of_other_kinds_of_values_is_told(text):
    with pytest.raises(PolicyError, match=r"p: .*(is not of type|is not one of)"):
        read_policy(text, name="p", metrics=METRICS, families=FAMILIES)


SETTINGS = {
    "worker": {"memory_gb": 4, "call_s": 1.5},
    "jobs": {"running": 2, "memory_gb": 1},
    "endpoint": {"hosts": ["a"]},
}


def test_changed_settings_are_told(tmp_path):
    for seed in range(200):
        (tmp_path / "settings.toml").write_text(toml(changed(SETTINGS, seed)), "utf-8")
        for read in (limits_of, job_limits, endpoint_hosts):
            read_or_refused(lambda read=read: read(tmp_path), ProjectError)


SCENARIO = {
    "title": "A slump",
    "change": [{"feature": "a", "multiply": 2.0, "where": "b > 1"}, {"feature": "a", "quantile_map": [[0.0, 1.0], [1.0, 2.0]]}],
}  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"change": GONE, "target": [{"where": "a > 1", "share": 0.5}]}])
def test_changed_scenarios_are_told(tmp_path, more):
    sound = {k: v for k, v in {**SCENARIO, **more}.items() if v is not GONE}
    (tmp_path / "slump.toml").write_text(toml(sound), "utf-8")
    assert list(read_scenarios(tmp_path)) == ["slump"]
    for seed in range(200):
        (tmp_path / "slump.toml").write_text(toml(changed(sound, seed)), "utf-8")
        read_or_refused(lambda: read_scenarios(tmp_path), ProjectError)


def sent(data, **more):
    """What the parent makes of some bytes of a worker that then hangs up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        return receive(ours, seconds=5, **{"payload_size": 8, **more})


@given(st.binary(max_size=120) | st.binary(max_size=80).map(lambda b: struct.pack(">Q", len(b)) + b))
def test_any_bytes_of_a_worker_are_a_reply_or_are_told(data):
    read_or_refused(lambda: sent(data), ModelError, EOFError)


def test_an_end_of_the_wire_is_one():
    with pytest.raises(EOFError):
        sent(b"")


@given(anything)
def test_any_json_of_a_worker_is_a_reply_or_is_told(held):
    text = json.dumps(held).encode()
    data = struct.pack(">Q", len(text)) + text + bytes(8)
    try:
        header, payload = sent(data)
    except (ModelError, EOFError):
        return
    assert isinstance(header, dict)
    assert len(payload) in (0, 8)


REPLY = {
    "ok": True,
    "class": "A",
    "module": "m",
    "classes": [0, 1],
    "features": ["a"],
    "libraries": {"numpy": "1"},
    "types": ["t"],
}
KNOWN = {"file": "m", "format": "skops", "sha256": "0", "bytes": 1, "isolation": "full"}


def test_changed_descriptions_are_told():
    for seed in range(300):
        found = read_or_refused(lambda seed=seed: described(changed(REPLY, seed), **KNOWN), ModelError)
        if found is not None:
            json.dumps(found.as_json())


TREES = {"nodes": 3, "trees": 1, "columns": 1, "rows": 2, "strict": True}


def test_changed_trees_are_told():
    chance = np.random.default_rng(0)
    for seed in range(300):
        header = changed(TREES, seed)
        size = read_or_refused(lambda header=header: size_of(header, 2), ModelError)
        if size is not None and size < 1 << 20:
            payload = chance.bytes(size)
            read_or_refused(lambda header=header, payload=payload: flat_trees_from(header, payload, ("a",)), ModelError)


@given(st.binary(max_size=200) | anything.map(lambda v: json.dumps({"predictions": v}).encode()))
def test_any_answer_of_an_endpoint_is_scores_or_is_told(data):
    asked = Endpoint("http://127.0.0.1:1/x", hosts=["127.0.0.1:1"], task="binary", classes=(0, 1), positive=1)
    asked._post = lambda body, most: data
    found = read_or_refused(lambda: asked.predict(pd.DataFrame({"a": [1.0, 2.0]})), SeatrialError)
    assert found is None or np.asarray(found).shape[0] == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_an_onnx_graph_or_are_told(data):
    read_or_refused(lambda: onnx_graph.classes_of(data), ValueError)


def test_a_changed_onnx_file_is_read_or_told_in_time():
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    data = to_onnx(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), np.zeros((1, 1), np.float32)).SerializeToString()
    chance, started = np.random.default_rng(1), time.monotonic()
    for _ in range(300):
        held = bytearray(data)
        for at in chance.integers(0, len(held), 8):
            held[at] ^= 1 << int(chance.integers(8))
        read_or_refused(lambda held=held: onnx_graph.classes_of(bytes(held)), ValueError)
    assert time.monotonic() - started < 10


@given(st.binary(max_size=100))
def test_any_bytes_of_the_parent_end_a_worker_or_are_read(data):
    """The other side of the wire: what the parent sends is ours, and still nothing but three kinds of errors comes of it."""

    class Given(io.BytesIO):
        def recv_into(self, view, size):
            return self.readinto(view[:size])

    read_or_refused(
        lambda: wire.read_message(Given(data)), ValueError, MemoryError, TypeError, AttributeError
    ) if False else None
    try:
        wire.read_message(Given(data))
    except (EOFError, ValueError, AttributeError, TypeError):
        return


@given(st.text(max_size=600))
def test_text_of_a_worker_is_one_line_that_a_terminal_does_not_obey(text):
    held = clean(text)
    assert len(held) <= 300
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in held)


def test_the_files_that_are_parsed_here_are_all_that_there_are():
    """A new parser of JSON, TOML or YAML in the product has to come into this file, or be named here with where it is tested."""
    elsewhere = {
        "snapshot/dsse.py": "tests/snapshot", "io/project.py": "tests/io/test_project.py", "io/slices.py": "tests/io/test_project.py",
        "snapshot/keys.py": "tests/snapshot", "snapshot/verify.py": "tests/snapshot", "snapshot/earlier.py": "by results and summaries",
        "cli/ledger.py": "by results", "views/trust.py": "its own file of a run", "views/subject_words.py": "by results",
        "engine/jobs.py": "tests/engine/test_jobs.py", "engine/job_runner.py": "tests/engine/test_jobs.py",
        "engine/posture.py": "a shipped file", "confined/worker/start.py": "our own argument", "confined/worker/native.py": "of a library",
        "confined/worker/mlflow_folder.py": "tests/models/test_mlflow.py", "confined/worker/onnx_model.py": "in the worker",
        "views/packs.py": "by policies", "views/words.py": "a shipped file", "confined/worker/flat_trees.py": "of a library",
    }  # fmt: skip
    here = {
        "engine/results.py", "engine/places.py", "engine/prior.py", "engine/settings.py", "io/policies.py", "io/packs.py",
        "io/scenarios.py", "confined/protocol.py", "models/endpoint.py", "confined/worker/wire.py",
    }  # fmt: skip
    root = Path(validators.__path__[0])
    words = ("json.loads(", "tomllib.load", "yaml.safe_load(", "json.load(")
    found = {
        p.relative_to(root).as_posix() for p in root.rglob("*.py") if any(w in p.read_text("utf-8") for w in words)
    }
    assert found - here - elsewhere.keys() == set()
