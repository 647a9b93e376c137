"""How many planted faults the checks find, and how often they cry wolf: a dated table with Wilson intervals.

    python -m benchmarks.faults.run OUT [--cases FOLDER] [--all] [--seeds 0,1,2,3] [--limit N] [--only FAULT,...] [--workers 2]
        [--self-test]

Runs every case of FOLDER through `seatrial run` (two at a time, each in its own process) into OUT/runs, then writes
OUT/faults-DATE.md and .json. Without --cases they are made by ../shared/faults/generate.py into OUT/cases. Cases that have a
result are not run again, so an interrupted benchmark goes on where it was. How a fault counts as found and named stands in
../shared/faults/README.md: a family that must speak has an Attention or a Fail, and one of those measurements names the subject.
The self-test, three quarters of the time, runs where a Pass is counted (untouched_large), and with --self-test everywhere: it can
only turn a Pass into Inconclusive.
"""

import argparse
import collections
import importlib.util
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from validators.stats.proportions import wilson_interval

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "faults"
ALARM = ("FAIL", "WARN")


def generate(out, chosen):
    """The cases, made by the script that plants them."""
    if (out / "answers.json").exists():
        return out
    command = [sys.executable, str(chosen.shared / "generate.py"), str(out), "--seeds", chosen.seeds]
    command += ["--all"] if chosen.all else []
    command += ["--only", chosen.only] if chosen.only else []
    command += ["--limit", str(chosen.limit)] if chosen.limit else []
    subprocess.run(command, check=True)
    return out


def run_case(case, out, *, tested):
    """One case in a process of its own, with or without the self-test; a case with results is not run again."""
    if (out / "results.json").exists():
        return
    program = "validators.cli" if tested else "benchmarks.faults.bare"
    command = [sys.executable, "-m", program, "run", str(case), "--out", str(out)]
    env = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | env)
    print(f"{case.name}  exit {done.returncode}", flush=True)


def scorer(shared):
    """The benchmark's own score.py: what counts as naming a subject is not ours to say."""
    spec = importlib.util.spec_from_file_location("score", shared / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rate(hits):
    """Share with its Wilson interval."""
    hits = list(hits)
    if not hits:
        return {"share": None, "low": None, "high": None, "of": 0}
    ends = wilson_interval(sum(hits), len(hits))
    return {"share": sum(hits) / len(hits), "low": ends.low, "high": ends.high, "of": len(hits)}


def tables(answers, results, names):
    """Recall by fault and severity, named share, false alarms by twin and by check, quiet passes, CPU."""
    found, named, loud = (collections.defaultdict(list) for _ in range(3))
    by_check, passed = collections.defaultdict(list), collections.defaultdict(list)
    for case in (a for a in answers if a["id"] in results):
        run = results[case["id"]]["results"]
        if case["kind"] == "fault":
            mine = [r for r in run if r["family"] in case["primary"]]
            alarms = [m for r in mine for m in r["measurements"] if m["verdict"] in ALARM]
            hit = bool(alarms) or any(r["verdict"] in ALARM for r in mine)
            found[case["fault"], case["severity"]].append(hit)
            if case["locus"] and hit:
                named[case["fault"]].append(any(names(m, case) for m in alarms))
            continue
        expected = {*case["allowed"], *case["natural"]}
        for r in run:
            if r["verdict"] and r["family"] not in expected:
                by_check[r["check"]].append((r["verdict"] == "FAIL", r["verdict"] in ALARM))
        judged = collections.defaultdict(set)
        for r in run:
            judged[r["family"]].add(r["verdict"])
        loud[case["fault"]].append(any("FAIL" in v for f, v in judged.items() if f not in expected))
        if case["fault"] == "untouched_large":
            for family, verdicts in judged.items():
                if family not in expected and verdicts - {None}:
                    passed[family].append(verdicts - {None} == {"PASS"})
    flat = lambda groups: [x for g in groups for x in g]  # noqa: E731
    cpu = [(r["run"]["cpu_seconds"], r["run"].get("self_test_cpu_seconds", 0.0)) for r in results.values()]
    return {
        "found, clear and gross": rate(flat(v for (_, s), v in found.items() if s != "mild")),
        "found, mild": rate(flat(v for (_, s), v in found.items() if s == "mild")),
        "subject named, of those found": rate(flat(named.values())),
        "quiet runs with a false fail": rate(flat(loud.values())),
        "families that pass on untouched_large": rate(flat(passed.values())),
        "found by fault": {f"{f}, {s}": rate(v) for (f, s), v in sorted(found.items())},
        "named by fault": {f: rate(v) for f, v in sorted(named.items())},
        "false fails by twin": {f: rate(v) for f, v in sorted(loud.items())},
        "false fails by check": {c: rate(a for a, _ in v) for c, v in sorted(by_check.items()) if any(a for a, _ in v)},
        "false alarms by check": {
            c: rate(b for _, b in v) for c, v in sorted(by_check.items()) if any(b for _, b in v)
        },
        "pass by family": {f: rate(v) for f, v in sorted(passed.items())},
        "CPU seconds, largest case": max((a for a, _ in cpu), default=None),
        "self-test CPU seconds, largest case": max((b for _, b in cpu), default=None),
        "cases": len(results),
    }


def shown(value):
    if not isinstance(value, dict):
        return str(value)
    if value["share"] is None:
        return "none"
    return f"{value['share']:.2f} ({value['low']:.2f} to {value['high']:.2f}, n = {value['of']})"


def markdown(found, date):
    lines = [
        f"# Planted faults, {date}",
        "",
        "Shares with Wilson 95 % intervals.",
        "",
        "| figure | value |",
        "| --- | --- |",
    ]
    lines += [f"| {k} | {shown(v)} |" for k, v in found.items() if not isinstance(v, dict) or "share" in v]
    for title, held in found.items():
        if isinstance(held, dict) and "share" not in held:
            lines += ["", f"## {title[0].upper()}{title[1:]}", "", "| which | share |", "| --- | --- |"]
            lines += [f"| {k} | {shown(v)} |" for k, v in held.items()] or ["| none | |"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cases", type=Path, help="a folder that generate.py wrote")
    parser.add_argument("--all", action="store_true", help="all three severities of every fault")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--only", default="")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--shared", type=Path, default=SHARED, help="the folder with generate.py and score.py")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--self-test", action="store_true", help="of every case, not only where a Pass is counted")
    chosen = parser.parse_args()
    if not chosen.shared.is_dir():
        raise SystemExit(
            f"{chosen.shared} is not there; python -m benchmarks.faults.samples plants faults in the samples instead"
        )
    cases = chosen.cases or generate(chosen.out / "cases", chosen)
    answers = json.loads((cases / "answers.json").read_text())[: chosen.limit]
    tested = lambda a: chosen.self_test or a["fault"] == "untouched_large"  # noqa: E731
    with ThreadPoolExecutor(chosen.workers) as pool:
        list(pool.map(lambda a: run_case(cases / a["id"], chosen.out / "runs" / a["id"], tested=tested(a)), answers))
    files = {a["id"]: chosen.out / "runs" / a["id"] / "results.json" for a in answers}
    results = {k: json.loads(f.read_text()) for k, f in files.items() if f.exists()}
    found = tables(answers, results, scorer(chosen.shared).names)
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    text = markdown(found, date)
    (chosen.out / f"faults-{date}.md").write_text(text)
    (chosen.out / f"faults-{date}.json").write_text(json.dumps({"date": date, **found}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
