"""Pipeline: what production does otherwise in words, then rates with bounds, values side by side, months, keys, scores."""

from . import fmt, forest
from .chart import Chart, Palette, Row, Table, axis, figure, text, tick
from .marks import dots, line
from .reading import Document, Record, about, by_badness, measurements
from .sentences import measurement_sentence
from .subject_words import period_words, rows_words
from .tables import dot_of, dot_table
from .words import metric_label

FAMILY = "pipeline"
MOST, DRAWN = 30, 2
FACTS = (
    "absent_feature", "other_type", "outside_contract", "not_served", "served_twice", "staler_share", "served_late_share",
    "golden_misses", "scale_factor_found", "missing_gap", "new_level_gap",
)  # fmt: skip
Value = float | str
SCORES = ("decision_flips", "scores_differ", "changed_scores")


def diagnoses(document: Document) -> list[str]:
    """What production does otherwise, a sentence each, features that differ in most rows first; the bound where nothing does."""
    rates = [m for m in measurements(document, "mismatch_rate", family=FAMILY) if m["value"]]
    found = [f"{m['note']}." for m in sorted(rates, key=lambda m: -m["value"])]
    broken = by_badness(m for m in measurements(document, *FACTS, family=FAMILY) if m["verdict"] in ("FAIL", "WARN"))
    found += [f"{m['note']}." for m in broken if m["note"]]
    whole = next((m for m in measurements(document, "rows_differ", family=FAMILY) if m["value"] is not None), None)
    if not rates and whole is not None:
        found.append(f"{whole['note'][:1].upper()}{whole['note'][1:]}.")
    return found


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Rates of the features, values of the worst ones side by side, months, keys, scores."""
    found = [rates(document, colours), *values(document, colours), months(document, colours)]
    found += [keys(document, colours), scores(document, colours)]
    return [c for c in found if c is not None] or forest.charts(document, FAMILY, colours)


def _differing(document: Document) -> list[Record]:
    held = [m for m in measurements(document, "mismatch_rate", family=FAMILY) if m["value"] is not None]
    return sorted(held, key=lambda m: -m["value"])


def rates(document: Document, colours: Palette) -> Chart | None:
    """Share of rows that differ, by feature; the mark of a feature in which none was seen stands at 0 and reaches to its bound."""
    held = _differing(document)
    if not held:
        return None
    rows = [dot_of({**m, "low": m["value"]}, about(m, "feature")) for m in held]
    some = sum(m["value"] > 0 for m in held)
    table = dot_table(rows, "share", name="Feature")
    for row, m in zip(table.rows, held, strict=True):
        row["What differs"] = m["note"]
    more = f" The first {MOST} of {len(rows)} are drawn." if len(rows) > MOST else ""
    return Chart(
        key="rates",
        title="Rows whose served value differs, by feature",
        figure=dots(rows[:MOST], colours, kind="share", zero=True),
        table=table,
        alt=f"{some} of {len(rows)} features differ in some rows; most: {rows[0].hover}",
        caption=f"Bars reach to the most that these rows do not exclude, for all features together.{more}",
    )


def values(document: Document, colours: Palette) -> list[Chart]:
    """Served against research values of the features that differ most, with the line on which both are the same."""
    notes = {about(m, "feature"): str(m["note"]) for m in _differing(document) if m["value"] > 0}
    pairs: dict[str, list[tuple[Value, Value, int]]] = {}
    served = {m["subject"]: m for m in measurements(document, "served_value", family=FAMILY)}
    for m in measurements(document, "research_value", family=FAMILY):
        other = served.get(m["subject"])
        if m["value"] is not None and other is not None and other["value"] is not None:
            pairs.setdefault(str(about(m, "feature")), []).append((_value(m), _value(other), m["n"]))
    drawn = [name for name in notes if len(pairs.get(str(name), ())) > 1][:DRAWN]
    return [_scatter(str(name), sorted(pairs[str(name)]), notes[name], colours) for name in drawn]


def _value(m: Record) -> Value:
    """A value of a feature; a time as its note has it."""
    return str(m["note"]) or float(m["value"])


def _scatter(name: str, points: list[tuple[Value, Value, int]], note: str, colours: Palette) -> Chart:
    x, y = [p[0] for p in points], [p[1] for p in points]
    same = {
        "type": "scatter", "mode": "lines", "name": "the same", "x": [x[0], x[-1]], "y": [x[0], x[-1]], "hoverinfo": "skip",
        "line": {"color": colours.prior, "width": 1.4, "dash": "dash"},
    }  # fmt: skip
    dates = isinstance(x[0], str)
    hover = (
        "research %{x}<br>served %{y}<extra></extra>"
        if dates
        else "research %{x:.6g}<br>served %{y:.6g}<extra></extra>"
    )
    kind = {"type": "date"} if dates else {}
    cause = note.partition(": ")[2] or note
    return Chart(
        key=f"values_{name}",
        title=f"{name}: served against research values",
        figure=figure(
            [same, line(x, y, "served", colours.candidate, hovertemplate=hover)],
            x=axis("research", **kind),
            y=axis("served", **kind),
            height=320,
            legend=True,
        ),
        table=Table(
            rows=[{"Research": a, "Served": b, "n": n} for a, b, n in points],
            kinds={"n": "count"} if dates else {"Research": "number", "Served": "number", "n": "count"},
        ),
        alt=f"Served against research values of {name} in {len(points)} bins: {cause}.",
        caption=f"{cause[:1].upper()}{cause[1:]}. Medians of equal shares of the rows, by research value.",
    )


def months(document: Document, colours: Palette) -> Chart | None:
    """Share of rows that differ by month, of the features that differ most; one line each."""
    held: dict[str, list[Record]] = {}
    for m in measurements(document, "mismatch_in_month", family=FAMILY):
        if m["value"] is not None:
            held.setdefault(str(about(m, "feature")), []).append(m)
    drawn = [(f, ms) for f, ms in held.items() if len(ms) > 1][:4]
    if not drawn:
        return None
    palette = (colours.candidate, *colours.others)
    traces = [
        line(
            [str(about(m, "period")).partition("..")[0] for m in ms],
            [m["value"] for m in ms],
            text(name),
            colour,
            customdata=[[m["subject"], measurement_sentence(m)] for m in ms],
            hovertemplate="%{customdata[1]}<extra></extra>",
        )
        for (name, ms), colour in zip(drawn, palette, strict=False)
    ]
    rows: list[Row] = [
        {"Feature": name, "Month": period_words(str(about(m, "period"))), "Differ": m["value"], "n": m["n"]}
        for name, ms in held.items()
        for m in ms
    ]
    return Chart(
        key="months",
        title="Rows that differ, by month",
        figure=figure(
            traces, x=axis(type="date"), y=axis(kind="share", rangemode="tozero"), height=300, legend=len(drawn) > 1
        ),
        table=Table(rows=rows, kinds={"Differ": "share", "n": "count"}),
        alt=f"Share of rows that differ by month, of {', '.join(name for name, _ in drawn)}.",
        caption=f"Features that differ: {', '.join(held)}; {len(drawn)} of {len(held)} are drawn.",
    )


def keys(document: Document, colours: Palette) -> Chart | None:
    """How many keys both sides share, and how many only one has."""
    held = {m["metric"]: m for m in measurements(document, "not_served", "matched_keys", "only_served", family=FAMILY)}
    words = {"matched_keys": "in both", "not_served": "only in test", "only_served": "only in serving"}
    counts = {
        w: round(held[k]["value"] * held[k]["n"])
        for k, w in words.items()
        if k in held and held[k]["value"] is not None
    }
    if not counts:
        return None
    bars = {
        "type": "bar", "orientation": "h", "name": "keys", "y": list(range(len(counts))), "x": list(counts.values()),
        "marker": {"color": [colours.candidate if w == "in both" else colours.limit for w in counts]},
        "text": [fmt.count(n) for n in counts.values()], "textposition": "auto",
        "hovertemplate": "%{x:,} keys<extra></extra>",
    }  # fmt: skip
    y = axis(
        tickmode="array",
        tickvals=list(range(len(counts))),
        ticktext=[tick(w) for w in counts],
        range=[len(counts) - 0.4, -0.6],
    )
    sentence, most = ", ".join(f"{fmt.count(n)} {w}" for w, n in counts.items()), document["plan"].get("rows")
    return Chart(
        key="keys",
        title="Keys of test and serving",
        figure=figure([bars], x=axis("keys", rangemode="tozero"), y=y, height=190),
        table=Table(rows=[{"Keys": w, "n": n} for w, n in counts.items()], kinds={"n": "count"}),
        alt=f"Keys: {sentence}.",
        caption="Every key of both files is counted."
        if most is None
        else f"Of the first {most:,} rows of each file by key hash.",
    )


def scores(document: Document, colours: Palette) -> Chart | None:
    """Decisions and scores that differ between the sides, and those that change with the way of asking."""
    held = [m for m in by_badness(measurements(document, *SCORES, family=FAMILY)) if m["value"] is not None]
    if not held:
        return None
    rows = [dot_of({**m, "low": m["value"]}, _asked(m)) for m in held]
    return Chart(
        key="scores",
        title="Scores and decisions of the same row that differ",
        figure=dots(rows, colours, kind="share", zero=True),
        table=dot_table(rows, "share", name="What"),
        alt=" ".join(r.hover for r in rows[:3]),
        caption="Bars reach to the most that these rows do not exclude.",
    )


def _asked(m: Record) -> str:
    way = about(m, "rows")
    return f"Changed: {rows_words(way)}" if way else metric_label(m["metric"])
