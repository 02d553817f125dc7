"""The results as Markdown, between two marks of a document whose other text is left alone."""

from pathlib import Path
from statistics import median

from model import DD, NGINX, OURS, REFERENCE, Outcome, Row, Target

BEGIN = "<!-- results: written by tests/bench/run.sh -->"
END = "<!-- end of results -->"
HEADING = "# Performance\n\n"
HEAD = (
    "| workload | unit | 2.8.2 | nginx, dd | ours | ours to peer | target | met |\n"
    "|---|---|---:|---:|---:|---|---|---|\n"
)


class Table:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.missed: list[str] = []

    def add(self, row: Row, outcome: Outcome) -> None:
        values = {server: value_of(outcome, server, row.figure) for server in outcome.rounds}
        ours = values.get(OURS)
        ratios, wanted, met = [], [], []
        for target in row.targets:
            wanted.append(describe(target, row.unit))
            if ours is None:
                continue
            limit = limit_of(target, values)
            if target.peer and values.get(target.peer):
                ratios.append(f"{number(ours / values[target.peer])} × {target.peer}")
            if limit is None:
                met.append("–")
                continue
            good = ours >= limit if target.at_least else ours <= limit
            met.append("yes" if good else "**no**")
            if not good:
                self.missed.append(row.title)
        beside = next((server for server in (NGINX, DD) if values.get(server) is not None), None)
        cells = [
            row.title,
            row.unit,
            cell(outcome, REFERENCE, row.figure),
            f"{cell(outcome, beside, row.figure)}{' (dd)' if beside == DD else ''}" if beside else "",
            cell(outcome, OURS, row.figure),
            ", ".join(ratios) or ratio_to_any(values),
            ", ".join(wanted),
            ", ".join(met),
        ]
        self.lines.append(f"| {' | '.join(cells)} |\n")

    def text(self) -> str:
        return HEAD + "".join(self.lines)


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


def ratio_to_any(values: dict[str, float | None]) -> str:
    """Where there is no target, beside whatever there is."""
    ours = values.get(OURS)
    peers = [peer for peer in (REFERENCE, NGINX, DD) if values.get(peer)]
    if ours is None:
        return ""
    return ", ".join(f"{number(ours / values[peer])} × {peer}" for peer in peers)


def limit_of(target: Target, values: dict[str, float | None]) -> float | None:
    if not target.peer:
        return target.factor
    peer = values.get(target.peer)
    return None if peer is None else target.factor * peer


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
