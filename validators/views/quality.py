"""Quality: wrong labels ranked, defects by feature, then what each check counted."""

from . import fmt, forest
from .chart import Chart, Palette, Row, Table
from .marks import heat
from .reading import Document, Record, about, measurements
from .sentences import measurement_sentence

DEFECTS = {
    "all_missing": "no value",
    "modal_share": "one value",
    "placeholder_share": "placeholder",
    "mixed_unit_share": "other unit",
    "mixed_type_share": "other type",
    "heaping_share": "heaped",
    "outlier_share": "far values",
}
NATURAL = (
    "modal_share",
    "heaping_share",
    "outlier_share",
)  # of some size in every data set: shown, but not what ranks a feature
MOST = 30


def charts(document: Document, colours: Palette) -> list[Chart]:
    """Wrong labels, defects, the rest."""
    own = forest.charts(document, "quality", colours, but=tuple(DEFECTS))
    first = [c for c in own if c.key in ("noise_excess", "slice_label_gap")]
    matrix = defects(document, colours)
    return [*first, *([] if matrix is None else [matrix]), *(c for c in own if c not in first)]


def defects(document: Document, colours: Palette) -> Chart | None:
    """Matrix of features by kinds of defects, those with a defect that is judged first."""
    held = [m for m in measurements(document, *DEFECTS, family="quality") if m["value"] is not None]
    cells = {(str(about(m, "feature")), m["metric"]): m for m in held if about(m, "feature")}
    if not cells:
        return None
    features = sorted(dict.fromkeys(f for f, _ in cells), key=lambda f: (-_weight(cells, f), f))
    columns = [k for k in DEFECTS if any((f, k) in cells for f in features)]
    values = {f: [cells[f, k]["value"] if (f, k) in cells else None for k in columns] for f in features}
    named = [f for f in features if any(cells[f, k]["verdict"] in ("WARN", "FAIL") for k in columns if (f, k) in cells)]
    drawn = features[:MOST]
    hover = [[_words(cells.get((f, k))) for k in columns] for f in drawn]
    words = [DEFECTS[k] for k in columns]
    listed = (
        f"{len(named)} features need attention: {', '.join(named[:8])}." if named else "No feature needs attention."
    )
    return Chart(
        key="defects",
        title="Defects by feature: share of rows",
        figure=heat([values[f] for f in drawn], words, drawn, hover, colours, kind="share"),
        table=Table(
            rows=[Row({"Feature": f, **dict(zip(words, values[f], strict=True))}) for f in features],
            kinds=dict.fromkeys(words, "share"),
        ),
        alt=listed,
        caption=f"{listed} Counted on {fmt.count(held[0]['n'])} rows; point at a cell for what was seen.",
    )


def _weight(cells: dict[tuple[str, str], Record], feature: str) -> float:
    """Judged defects first, then by size."""
    mine = [m for (f, _), m in cells.items() if f == feature]
    judged = sum(m["verdict"] in ("WARN", "FAIL") for m in mine)
    return 10.0 * judged + float(sum(m["value"] for m in mine if m["metric"] not in NATURAL))


def _words(m: Record | None) -> str:
    return "" if m is None else f"{measurement_sentence(m)} {m['note']}"
