"""The results as Markdown, between two marks of a document whose other text is left alone."""

from pathlib import Path
from statistics import median

from model import DD, NGINX, OURS, REFERENCE, Outcome, Row, Target

BEGIN = "<!-- results: written by tests/bench/run.sh -->"
END = "<!-- end of results -->"
Values = dict[str, float | None]  # by server
HEADING = "# Performance\n\n"
HEAD = (
    "| workload | unit | 2.8.2 | nginx, dd | ours | ours to peer | target | met |\n"
    "|---|---|---:|---:|---:|---|---|---|\n"
)


def line(row: Row, outcome: Outcome) -> str:
    values = {server: value_of(outcome, server, row.figure) for server in outcome.rounds}
    ours = values.get(OURS)
    ratios = [ratio(ours, values, target.peer) for target in row.targets]
    cells = [
        row.title,
        row.unit,
        cell(outcome, REFERENCE, row.figure),
        beside(row, outcome),
        cell(outcome, OURS, row.figure),
        ", ".join(filter(None, ratios)) or ratios_to_all(ours, values),
        ", ".join(describe(target, row.unit) for target in row.targets),
        ", ".join(verdict(target, ours, values) for target in row.targets),
    ]
    return f"| {' | '.join(cells)} |\n"


def beside(row: Row, outcome: Outcome) -> str:
    """What nginx did, or dd."""
    peer = DD if DD in outcome.rounds else NGINX
    shown = cell(outcome, peer, row.figure)
    return f"{shown} (dd)" if shown and peer == DD else shown


def ratio(ours: float | None, values: Values, peer: str | None) -> str:
    if ours is None or peer is None or not values.get(peer):
        return ""
    return f"{number(ours / values[peer])} × {peer}"


def ratios_to_all(ours: float | None, values: Values) -> str:
    return ", ".join(filter(None, (ratio(ours, values, peer) for peer in (REFERENCE, NGINX, DD))))


def verdict(target: Target, ours: float | None, values: Values) -> str:
    measure = values.get(target.peer) if target.peer else 1
    if ours is None or measure is None:
        return "–"
    limit = target.factor * measure
    good = ours >= limit if target.at_least else ours <= limit
    return "yes" if good else "**no**"


def values_of(outcome: Outcome, server: str, figure: str) -> list[float]:
    return [round_[figure] for round_ in outcome.rounds.get(server, []) if figure in round_]


def value_of(outcome: Outcome, server: str, figure: str) -> float | None:
    values = values_of(outcome, server, figure)
    return median(values) if values else None


def cell(outcome: Outcome, server: str, figure: str) -> str:
    value = value_of(outcome, server, figure)
    if value is None:
        return "–" if server in outcome.remarks else ""
    bounded = value_of(outcome, server, f"{figure}_bounded")
    return f"{'> ' if bounded else ''}{number(value)}"


def describe(target: Target, unit: str) -> str:
    sign = "≥" if target.at_least else "≤"
    return f"{sign} {number(target.factor)} {f'× {target.peer}' if target.peer else unit}".strip()


def number(value: float) -> str:
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write(document: Path, results: str) -> None:
    """Text around the marks stays; a document that is new has nothing else."""
    text = document.read_text() if document.exists() else f"{HEADING}{BEGIN}\n{END}\n"
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{document} has no place for the results: {BEGIN} and {END}")
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(f"{before}{BEGIN}\n\n{results}\n{END}{after}")
