"""What Seatrial costs: CPU seconds and peak memory of the demo, a scan, a whole run, every page script and a slider move.

    python -m benchmarks.speed [--sizes 10000,100000] [--run-sizes 10000] [--skip-app] [--skip-demo]

The first page of a fresh server and a slider move from key to picture are timed in chromium, where it is installed.

Data: 20 numeric and 10 text features, generated, binary, with stored predictions for the scan and a LightGBM model for the run.
Every step is a process of its own, so that its CPU (children included) and peak RSS are its own.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 250_000
PROJECT = """\
[model]
id = "speed"
version = "1.0.0"
{model}
[task]
type = "binary"
target = "y"
positive = 1
threshold = 0.3
[data]
test = "test.parquet"
reference = "reference.parquet"
{train}
[columns]
key = "key"
features = {features}
{prediction}
[run]
seed = 1
"""
FEATURES = [f"x{j}" for j in range(20)] + [f"c{j}" for j in range(10)]


def rows(rng, n, first):
    X = {f"x{j}": rng.normal(size=n) * 10 ** (j % 4) for j in range(20)}
    for j in range(3):
        X[f"x{j}"][rng.random(n) < 0.05] = np.nan
    for j in range(10):
        k = (2, 3, 5, 8, 12, 20, 30, 40, 50, 50)[j]
        X[f"c{j}"] = np.array([f"level{i}" for i in range(k)], object)[rng.integers(0, k, n)]
    frame = pd.DataFrame(X)
    score = 0.8 * np.nan_to_num(frame.x0) + 0.1 * frame.x1 * 0.1 + (frame.c0 == "level1") - 1.2
    frame["y"] = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
    frame["score"] = 1 / (1 + np.exp(-(score + rng.normal(0, 0.3, n))))
    frame["prior_score"] = 1 / (1 + np.exp(-(score + rng.normal(0, 0.4, n))))
    frame.insert(0, "key", np.arange(first, first + n))
    return frame


def write(folder, n, *, model):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    rng = np.random.default_rng(n)
    for k, role in enumerate(("reference", "test", *(("train",) if model else ()))):
        writer = None
        for at in range(0, n, CHUNK):
            table = pa.Table.from_pandas(rows(rng, min(CHUNK, n - at), 10**9 * k + at), preserve_index=False)
            writer = writer or pq.ParquetWriter(folder / f"{role}.parquet", table.schema, compression="zstd")
            writer.write_table(table, row_group_size=CHUNK)
        writer.close()
    text = PROJECT.format(
        model='candidate = "candidate.joblib"\nprior = "prior.joblib"\n' if model else "",
        train='train = "train.parquet"' if model else "",
        features=json.dumps(FEATURES),
        prediction="" if model else 'prediction = "score"\nprior_prediction = "prior_score"',
    )
    (folder / "seatrial.toml").write_text(text)
    if model:
        fit(folder)


def fit(folder):
    import joblib
    from lightgbm import LGBMClassifier
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    train = pd.read_parquet(folder / "train.parquet").head(100_000)
    for seed, name in ((1, "candidate"), (2, "prior")):
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        pipe = make_pipeline(
            make_column_transformer((encoder, FEATURES[20:]), remainder="passthrough"),
            LGBMClassifier(n_estimators=200, num_leaves=31, random_state=seed, n_jobs=1, verbose=-1),
        )
        pipe.fit(train[FEATURES], train.y)
        joblib.dump(pipe, folder / f"{name}.joblib", compress=3)


def timed(command, env=None):
    """CPU seconds (children included), wall seconds and peak RSS in MB of a process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.05)
    error = process.stderr.read().decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{error}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": round(cpu, 2), "wall_s": round(time.perf_counter() - started, 2), "peak_mb": round(peak)}


def resident(pid):
    """RSS of a process in MB; 0 once it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((x for x in text.splitlines() if x.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1024


SCAN = """
import sys
from pathlib import Path
from validators.catalog import catalog
from validators.engine.plan import make_plan
from validators.engine.profile import build_grid
from validators.engine.run import _scan_plan
from validators.engine.plan import why_not
from validators.engine.scan import scan
from validators.engine.scoring import Scoring
from validators.engine.trial import resolve
from validators.engine.workers import serial
from validators.io.project import read_project
trial = resolve(read_project(Path(sys.argv[1])))
plan = make_plan(trial, catalog())
with Scoring(trial) as scoring:
    grid = build_grid(trial, scoring.scores)
    checks = [c for c in plan.checks if why_not(c, trial) is None]
    scan(_scan_plan(trial, grid, checks, plan, scored=True), serial, progress=lambda what, share: None)
"""
PAGE = """
import sys, time
import streamlit as st
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60)
app.query_params["project"] = "lending"
app.run()
st.cache_resource.clear()
times = []
for _ in range(5):
    started = time.process_time()
    app.switch_page(sys.argv[1]).run()
    times.append(time.process_time() - started)
assert not app.exception, app.exception
print(times[0], sorted(times)[len(times) // 2])
"""
SLIDER = """
import sys, time
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=120)
app.query_params["project"] = sys.argv[1]
app.run()
app.switch_page("pages/performance.py").run()
times = []
for cut in (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9):
    app.slider(key="pf_threshold").set_value(cut)
    started = time.process_time()
    app.run()
    times.append(time.process_time() - started)
assert not app.exception, app.exception
print(sorted(times)[len(times) // 2])
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--run-sizes", default="10000,100000")
    parser.add_argument("--skip-app", action="store_true")
    parser.add_argument("--skip-demo", action="store_true")
    chosen = parser.parse_args()
    env = dict(os.environ, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT))
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        env["SEATRIAL_HOME"] = str(base / "home")
        cli = [sys.executable, "-m", "validators.cli"]
        if not chosen.skip_demo:
            show("demo", timed([*cli, "demo", "lending"], env))
        for n in [int(x) for x in chosen.sizes.split(",") if x]:
            write(base / f"scan{n}", n, model=False)
            show(f"scan {n:,} x 30", timed([sys.executable, "-c", SCAN, str(base / f"scan{n}")], env))
        for n in [int(x) for x in chosen.run_sizes.split(",") if x]:
            write(base / f"run{n}", n, model=True)
            show(
                f"whole run {n:,} x 30",
                timed([*cli, "run", str(base / f"run{n}"), "--out", str(base / f"out{n}")], env),
            )
            show_parts(json.loads((base / f"out{n}" / "results.json").read_text()))
        if not chosen.skip_app:
            folders = [base / f"scan{n}" for n in map(int, filter(None, chosen.sizes.split(",")))]
            for folder in folders:
                command = [*cli, "run", str(folder), "--check", "PRF101"]
                subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
                # the whole page: in the browser a move runs the fragment only
                move = printed(SLIDER, f"this-{folder.name}", env | {"SEATRIAL_PROJECT": str(folder)})[0]
                print(f"slider, {folder.name:<20} {1000 * move:7.0f} ms of script", flush=True)
            for page in sorted((ROOT / "pages").glob("[a-z]*.py")):
                first, again = printed(PAGE, f"pages/{page.name}", env)
                print(
                    f"page {page.stem:<20} {1000 * again:7.0f} ms of script, {1000 * first:.0f} at its first visit",
                    flush=True,
                )
            if chromium := shutil.which("chromium") or shutil.which("google-chrome"):
                in_the_browser(chromium, base / "home", folders)


def printed(script, argument, env):
    """Numbers in the last line that a script prints."""
    command = [sys.executable, "-c", script, argument]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in said.strip().splitlines()[-1].split()]


# No dot of a run at work, nothing still to be drawn.
DRAWN = """() => document.querySelector("[data-testid='stApp']")?.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-testid=stSkeleton]')"""
CUT = "() => [...document.querySelectorAll('[data-testid=stCaptionContainer]')].map((c) => c.innerText).join()"


def in_the_browser(chromium, home, folders):
    """Wall time of the first page of a fresh server (its start and the page, not the browser's start), and of slider moves."""
    from tests.e2e.conftest import browsed, served

    for folder in folders:
        started = time.perf_counter()
        with served(home, SEATRIAL_PROJECT=str(folder)) as address:
            up = time.perf_counter() - started
            with browsed(chromium, address) as page:
                started = time.perf_counter()
                page.goto(f"{address}/overview?project=lending")
                page.get_by_role("heading", name="Overview", exact=True).wait_for()
                page.wait_for_function(DRAWN)
                first = time.perf_counter() - started
                page.goto(f"{address}/performance?project=this-{folder.name}")
                moves = slider_moves(page)
        print(f"fresh server: up in {up:.1f} s, first page {first:.1f} s after", flush=True)
        print(
            f"slider, {folder.name:<20} {1000 * statistics.median(moves):7.0f} ms from key to picture, median of {len(moves)}"
        )


def slider_moves(page, moves=15):
    """Seconds from a key on the threshold's slider to everything drawn."""
    handle = page.locator(".st-key-pf_threshold").get_by_role("slider")
    handle.wait_for()
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(1000)
    seconds = []
    for _ in range(moves):
        before = page.evaluate(CUT)
        started = time.perf_counter()
        handle.press("ArrowRight")
        page.wait_for_function(f"(before) => ({CUT})() !== before && ({DRAWN})()", arg=before)
        seconds.append(time.perf_counter() - started)
        page.wait_for_timeout(300)
    return seconds


def show_parts(results):
    """The trial and its self-test, and the wall time of attributions and of the checks of importance."""
    run = results["run"]
    judged = sum(r["seconds"] or 0 for r in results["results"] if r["family"] == "importance")
    print(f"  trial {run['cpu_seconds']:.1f} CPU s, self-test {run['self_test_cpu_seconds']:.1f} CPU s", end="; ")
    print(f"of the trial attributions {run['attribution_seconds']:.1f} and checks of importance {judged:.1f} wall s")


def show(what, figures):
    print(
        f"{what:<28} {figures['cpu_s']:8.2f} CPU s  {figures['wall_s']:8.2f} wall s  {figures['peak_mb']:6} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
