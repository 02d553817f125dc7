"""tests/bench: it runs, and writes what it measured. Figures are not judged here."""

from support.process import environment, run
from support.registry import OURS, PROJECT

SECONDS = 120


def test_a_quick_run_writes_its_table_between_the_marks(tmp_path):
    document = tmp_path / "performance.md"
    mark, end = "<!-- results: written by tests/bench/run.sh -->", "<!-- end of results -->"
    document.write_text(f"Before.\n{mark}\nold\n{end}\nAfter.\n")
    where = ("--output", document, "--raw", tmp_path / "raw", "--disk", tmp_path)
    what = ("--quick", "--only", "download,upload-put", "--peers", "none")
    command = (PROJECT / "tests/bench/run.sh", *what, "--ours", OURS, *where)
    done = run(*command, env=environment(tmp_path), timeout=SECONDS)

    assert "[1/1] download, ours:" in done.stdout.decode()
    text = document.read_text()
    assert text.startswith("Before.\n") and text.endswith("\nAfter.\n")
    assert "old" not in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    rates = [float(cells[5]) for cells in rows if cells[2].strip() == "GiB/s"]
    assert len(rates) == 2 and all(rate > 0 for rate in rates), text


def test_what_is_asked_for_must_exist():
    done = run(PROJECT / "tests/bench/run.sh", "--ours", OURS, "--only", "nothing", check=False)
    assert done.returncode != 0
    assert b"no such workload: nothing" in done.stderr
