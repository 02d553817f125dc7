"""Runs the workloads, each on all servers in turn, round by round, and writes what came of it."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

import growth
import lists
import machine
import memory
import plots
import small
import table
import transfers
from bench import Bench, save
from model import OURS, Failed, Outcome, Unable, Workload
from support.registry import PROJECT

WORKLOADS = [
    *transfers.WORKLOADS,
    *small.WORKLOADS,
    *lists.WORKLOADS,
    *memory.WORKLOADS,
    *growth.WORKLOADS,
]
RELEASE = PROJECT / "build/release"
GENERATOR = RELEASE / "tests/bench/registry_bench"


def say(text: str) -> None:
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--only", metavar="NAME[,NAME]", help="these workloads")
    parser.add_argument("--list", action="store_true", help="the names of the workloads")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--ours", type=Path, help="a binary, instead of building one")
    parser.add_argument("--generator", type=Path, help="registry_bench; beside the binary")
    parser.add_argument("--peers", choices=("all", "none"), default="all")
    parser.add_argument("--output", type=Path, help="docs/performance.md; in build/bench if quick")
    parser.add_argument("--raw", type=Path, help="folder of each round's figures; in build/bench")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a tmpfs")
    parser.add_argument("--disk", type=Path, help="a folder on a disk; in build/bench")
    given = parser.parse_args()
    mode = "quick" if given.quick else "full"
    given.rounds = given.rounds or (1 if given.quick else 3)
    quick, full = PROJECT / "build/bench/quick.md", PROJECT / "docs/performance.md"
    given.output = given.output or (quick if given.quick else full)
    given.raw = given.raw or PROJECT / "build/bench" / mode
    given.disk = given.disk or PROJECT / "build/bench"
    given.ours = (given.ours or RELEASE / "registry").resolve()
    beside = given.ours.parent / "tests/bench/registry_bench"
    given.generator = given.generator or (beside if beside.exists() else GENERATOR)
    return given


def chosen(only: str | None) -> list[Workload]:
    by_name = {workload.name: workload for workload in WORKLOADS}
    names = only.split(",") if only else [*by_name]
    if unknown := [name for name in names if name not in by_name]:
        raise SystemExit(f"no such workload: {', '.join(unknown)}; --list names them")
    return [by_name[name] for name in names]


def main_figure(workload: Workload, bench: Bench, figures: dict[str, float]) -> str:
    shown = [row for row in workload.rows(bench) if row.figure in figures][:2]
    return ", ".join(f"{table.number(figures[row.figure])} {row.unit}" for row in shown)


def measure(bench: Bench, workload: Workload, rounds: int, peers: bool) -> Outcome:
    outcome = Outcome()
    servers = [server for server in workload.servers if peers or server == OURS]
    rounds = min(rounds, workload.rounds or rounds)
    for round_ in range(1, rounds + 1):
        for server in servers:
            if server in outcome.remarks:
                continue
            begin = time.monotonic()
            try:
                figures = workload.measure(bench, server)
                outcome.rounds.setdefault(server, []).append(figures)
                said = main_figure(workload, bench, figures)
            except Unable as unable:
                said = outcome.remarks[server] = f"could not run here: {unable}"
            except (Failed, AssertionError, OSError) as failure:
                said = outcome.remarks[server] = f"failed: {failure}"
            outcome.others.append(bench.share_of_others())
            took = f"{time.monotonic() - begin:.0f} s, others {outcome.others[-1]:.0%} of the CPUs"
            say(f"[{round_}/{rounds}] {workload.name}, {server}: {said} ({took})")
    return outcome


def kept(raw: Path) -> dict[str, Outcome]:
    """Of this run, and of earlier ones with other workloads."""
    files = {file.stem: file for file in raw.glob("*.json")}
    read = {name: json.loads(file.read_text()) for name, file in files.items()}
    return {name: Outcome(**of) for name, of in read.items()}


def results(bench: Bench, given: argparse.Namespace) -> str:
    outcomes = kept(given.raw)
    lines, remarks = [table.HEAD], []
    for workload in WORKLOADS:
        outcome = outcomes.get(workload.name, Outcome())
        rows = [] if workload.name == "growth" else workload.rows(bench)
        if outcome.rounds or outcome.remarks:
            lines += [table.line(row, outcome) for row in rows]
        for server, remark in outcome.remarks.items():
            remarks.append(f"- {workload.name}, {server}: {' '.join(remark.split())[:300]}\n")
    parts = [about(given, outcomes), "".join(lines)]
    if remarks:
        parts.append(f"Without figures:\n\n{''.join(remarks)}")
    if "growth" in outcomes:
        parts.append(growth.growth_table(bench, outcomes["growth"]))
    folder = given.output.parent / given.output.stem
    for name in plots.write(folder, outcomes, say):
        parts.append(f"![{Path(name).stem}]({folder.name}/{name})\n")
    return "\n".join(parts)


def about(given: argparse.Namespace, outcomes: dict[str, Outcome]) -> str:
    said = machine.describe(given.memory, given.disk)
    rounds = max((len(all_) for of in outcomes.values() for all_ in of.rounds.values()), default=0)
    quick = " --quick" if given.quick else ""
    said["command"] = f"`tests/bench/run.sh{quick}`: the medians of {rounds} round(s)"
    shares = [share for of in outcomes.values() for share in of.others]
    if shares:
        usual, worst = f"{median(shares):.0%}", f"{max(shares):.0%}"
        said["other programs"] = f"took {usual} of the CPUs as a rule, {worst} at the worst"
    return "".join(f"- {key}: {value}\n" for key, value in said.items())


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and stores go as well
    if given.list:
        say("\n".join(workload.name for workload in WORKLOADS))
        return 0
    given.disk.mkdir(parents=True, exist_ok=True)
    in_memory = Path(tempfile.mkdtemp(prefix="registry-bench-", dir=given.memory))
    on_disk = Path(tempfile.mkdtemp(prefix="disk-", dir=given.disk))
    bench = Bench(given.ours, given.generator, in_memory, on_disk, given.quick)
    failed = []
    try:
        for workload in chosen(given.only):
            outcome = measure(bench, workload, given.rounds, given.peers == "all")
            bench.forget_stores()
            save(given.raw / f"{workload.name}.json", asdict(outcome))
            if any(remark.startswith("failed") for remark in outcome.remarks.values()):
                failed.append(workload.name)
        table.write(given.output, results(bench, given))
        say(f"written: {given.output}")
    finally:
        shutil.rmtree(in_memory)
        shutil.rmtree(on_disk)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
