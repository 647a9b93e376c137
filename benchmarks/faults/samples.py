"""Faults planted in the project's own samples, found or not: the table that whoever clones this can repeat.

    python -m benchmarks.faults.samples OUT [--samples lending,credit,hotel] [--seeds 0,1,2,3]

The code is that of the self-test (`validators.engine.self_trust`), with other seeds: every check that has a plant, on the rows of a
sample without the fault and with it at once and twice the policy's tolerance. The self-test of a seed repeats that of `seatrial run`
where the seed is the project's. Writes OUT/samples-DATE.md and .json.
"""

import argparse
import collections
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.run import rate, shown
from validators.catalog import catalog
from validators.cli.execute import policy_of
from validators.engine.places import samples
from validators.engine.plan import make_plan
from validators.engine.run import measure
from validators.engine.self_trust import self_trust
from validators.engine.trial import resolve
from validators.io.project import read_project


def tested(folder, seeds):
    """(check, metric) -> counts over the seeds, of one sample; the data are read and measured once."""
    project = read_project(folder)
    trial, (policy, _) = resolve(project), policy_of(project)
    codes = [c.code for c in catalog() if c.plants]
    plan = replace(make_plan(trial, catalog(), only=codes), narrowed=False)
    measured = measure(trial, plan)
    counts = collections.Counter()
    for seed in seeds:
        for trust in self_trust(measured, replace(plan, seed=seed), policy):
            for t in trust.tried:
                key = (trust.check, t.metric, t.fault)
                counts[*key, "of"] += t.replicates
                counts[*key, "alarms without"] += t.null_alarms
                counts[*key, "found at the limit"] += t.found_1x
                counts[*key, "found at twice"] += t.found_2x
                counts[*key, "passed at twice"] += t.passed_2x
    return counts


def table(counts):
    """A row per plant, shares with Wilson intervals."""
    rows = {}
    for check, metric, fault in dict.fromkeys(k[:3] for k in counts):
        of = counts[check, metric, fault, "of"]
        words = ("alarms without", "found at the limit", "found at twice", "passed at twice")
        held = {w: counts[check, metric, fault, w] for w in words}
        rows[f"{check} {metric}, {fault}"] = {w: rate([1] * k + [0] * (of - k)) for w, k in held.items()}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--samples", default=",".join(samples()))
    parser.add_argument("--seeds", default="0,1,2,3")
    chosen = parser.parse_args()
    seeds = [int(s) for s in chosen.seeds.split(",")]
    found = {name: table(tested(samples()[name], seeds)) for name in chosen.samples.split(",")}
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = [
        f"# Faults planted in the samples, {date}",
        "",
        f"Seeds {chosen.seeds}; shares with Wilson 95 % intervals.",
    ]
    for name, rows in found.items():
        columns = list(next(iter(rows.values()), {}))
        lines += ["", f"## {name}", "", f"| plant | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
        lines += [f"| {plant} | {' | '.join(shown(v) for v in held.values())} |" for plant, held in rows.items()]
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / f"samples-{date}.md").write_text("\n".join(lines) + "\n")
    (chosen.out / f"samples-{date}.json").write_text(json.dumps({"date": date, "seeds": seeds, **found}, indent=1))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
