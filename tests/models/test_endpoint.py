"""The scoring endpoint: a real server here, scores in every form, and what a server can do wrong."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from validators.core.errors import ModelError, ModelTimeout, ProjectError
from validators.core.records import Status
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.settings import endpoint_hosts
from validators.engine.trial import resolve
from validators.io.project import read_project
from validators.models.endpoint import Endpoint, plain

N = 1200
RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.normal(size=N)})
Y = (X.a + RNG.normal(size=N) > 0).astype(int)
MODEL = LogisticRegression().fit(X, Y)


class Server:
    """An HTTP server on a free port that answers with what `reply(rows)` gives."""

    def __init__(self, reply):
        self.seen = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seen.append((dict(self.headers), body))
                reply(self, pd.DataFrame(body["dataframe_split"]["data"], columns=body["dataframe_split"]["columns"]))

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.address = f"http://{self.host}/invocations"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def endpoint(self, **more):
        task = {"task": "binary", "classes": (0, 1), "positive": 1}
        return Endpoint(self.address, hosts=[self.host], **{**task, **more})


def send(handler, body, code=200, headers=()):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(code)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def scores_of(rows, change=0.0):
    return MODEL.predict_proba(rows[["a", "b"]])[:, 1] + change


FORMS = {
    "number": lambda p: p.tolist(),
    "one in a list": lambda p: [[v] for v in p.tolist()],
    "per class": lambda p: [[1 - v, v] for v in p.tolist()],
    "by name": lambda p: [{"1": v, "0": 1 - v} for v in p.tolist()],
}


@pytest.mark.parametrize("form", FORMS)
def test_scores_come_back_in_every_form_that_tells_the_class(form):
    with Server(lambda h, rows: send(h, {"predictions": FORMS[form](scores_of(rows))})) as server:
        found = server.endpoint().predict(X[["b", "a"]].head(250))

    np.testing.assert_allclose(found, scores_of(X.head(250)), atol=1e-12)
    assert len(server.seen) == 3  # requests of 100 rows
    assert "Authorization" not in server.seen[0][0]


def test_scores_per_class_are_in_the_models_own_order():
    three = {"task": "multiclass", "classes": ("r", "p", "q"), "positive": None, "own": ("p", "q", "r")}
    rows = [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]
    with Server(lambda h, _: send(h, {"predictions": rows})) as server:
        found = server.endpoint(**three).predict(X.head(2))
    np.testing.assert_array_equal(found, [[0.7, 0.1, 0.2], [0.2, 0.5, 0.3]])
    with (
        Server(lambda h, _: send(h, {"predictions": [0.1, 0.5]})) as server,
        pytest.raises(ModelError, match="one number"),
    ):
        server.endpoint(**three).predict(X.head(2))


def test_values_go_as_json_holds_them():
    odd = [
        np.int64(3),
        np.float64("nan"),
        np.inf,
        None,
        pd.NaT,
        pd.NA,
        pd.Timestamp("2025-01-02"),
        "x",
        True,
        np.bool_(0),
    ]
    assert [plain(v) for v in odd] == [3, None, None, None, None, None, "2025-01-02T00:00:00", "x", True, False]
    assert json.dumps([plain(v) for v in odd], allow_nan=False)


def drip(handler, rows):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (lambda h, r: send(h, {"predictions": ["bad"] * len(r)}), ModelError, "'bad' is no number"),
        (lambda h, r: send(h, {"predictions": [0.5]}), ModelError, "gave 1 scores for 5 rows"),
        (lambda h, r: send(h, {"scores": []}), ModelError, "due is"),
        (lambda h, r: send(h, b"<html>"), ModelError, "something else than scores"),
        (lambda h, r: send(h, b"[" * 50_000), ModelError, "something else than scores"),
        (lambda h, r: send(h, b" " * 300_000), ModelError, "more than"),
        (lambda h, r: send(h, b"no", 503), ModelError, "answered 503"),
        (lambda h, r: send(h, b"", 307, [("Location", "http://example.org/x")]), ModelError, "redirects are not followed"),
        (drip, ModelTimeout, "no answer within 0.4 s"),
        (lambda h, r: time.sleep(0.8), ModelTimeout, "no answer within 0.4 s"),
        (lambda h, r: h.wfile.write(b"not http\r\n\r\n"), ModelError, "cannot be asked|something else"),
    ],
)  # fmt: skip
def test_what_a_server_can_do_wrong_gets_one_sentence(reply, error, words):
    with Server(reply) as server, pytest.raises(error, match=words) as caught:
        server.endpoint(seconds=0.4).predict(X.head(5))
    assert server.host in str(caught.value)
    assert len(str(caught.value)) < 500


def test_rows_go_to_allowed_hosts_only_and_a_token_with_them(tmp_path, monkeypatch):
    with pytest.raises(ModelError, match="does not allow that host.*SEATRIAL_ENDPOINT_HOSTS"):
        Endpoint("http://127.0.0.1:1/x", hosts=["127.0.0.1:2", "example.org"], task="regression").predict(X)
    (tmp_path / "settings.toml").write_text('[endpoint]\nhosts = ["Scores.example.org"]\n')
    monkeypatch.setenv("SEATRIAL_ENDPOINT_HOSTS", "a.example.org:8080, b.example.org,")
    assert endpoint_hosts(tmp_path) == ("scores.example.org", "a.example.org:8080", "b.example.org")
    (tmp_path / "settings.toml").write_text('[endpoint]\nhost = "x"\n')
    with pytest.raises(ProjectError, match=r"\[endpoint\] can hold hosts"):
        endpoint_hosts(tmp_path)

    monkeypatch.setenv("SEATRIAL_ENDPOINT_TOKEN", "t0k")
    with Server(lambda h, rows: send(h, {"predictions": [0.5] * len(rows)})) as server:
        server.endpoint().predict(X.head(1))
    assert server.seen[0][0]["Authorization"] == "Bearer t0k"


def trial(folder, address):
    joblib.dump(MODEL, folder / "m.joblib")
    X.assign(y=Y).to_parquet(folder / "test.parquet")
    line = "" if address is None else f'endpoint = "{address}"\n'
    (folder / "seatrial.toml").write_text(
        f'[model]\nid = "m"\nversion = "1"\ncandidate = "m.joblib"\n{line}'
        '[task]\ntype = "binary"\ntarget = "y"\npositive = 1\n[data]\ntest = "test.parquet"\n'
    )
    return folder


def parity(folder):
    from validators.catalog import catalog

    held = resolve(read_project(folder))
    (result,) = measure(held, make_plan(held, catalog(), only=["PIP109"])).results
    return result


@pytest.mark.parametrize(("change", "differ", "flips"), [(0.0, 0.0, False), (1e-8, 0.0, False), (0.05, 1.0, True)])
def test_the_endpoint_is_held_against_the_file(tmp_path, monkeypatch, change, differ, flips):
    with Server(lambda h, rows: send(h, {"predictions": scores_of(rows, change).tolist()})) as server:
        monkeypatch.setenv("SEATRIAL_ENDPOINT_HOSTS", server.host)
        result = parity(trial(tmp_path, server.address))

    found = {m.metric: m for m in result.measurements}
    assert result.status is Status.MEASURED
    assert found["endpoint_differs"].value == differ
    assert found["endpoint_differs"].n == 1000
    assert (found["endpoint_flips"].value > 0) is flips
    assert found["endpoint_largest"].value == pytest.approx(change, abs=1e-9)
    assert differ or found["endpoint_differs"].high < 0.005  # passes


def test_without_an_endpoint_or_its_host_the_check_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("SEATRIAL_ENDPOINT_HOSTS", raising=False)
    none = parity(trial(tmp_path, None))
    assert (none.status, "add endpoint" in none.reason) == (Status.NOT_APPLICABLE, True)
    other = parity(trial(tmp_path, "https://scores.example.org/x"))
    assert (other.status, "does not allow that host" in other.reason) == (Status.ERROR, True)
    for wrong in ("ftp://x/y", "https://user@x/y", "https:///y", "https://x/y z"):
        with pytest.raises(ProjectError, match="endpoint must be like"):
            read_project(trial(tmp_path, wrong))
