"""The curves of the soak, as SVG by gnuplot."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

SCRIPT = """\
$data << END
{data}
END
set terminal svg size 860,380 font "sans-serif,13" background "#ffffff"
set output "{file}"
set title "A soak: memory and descriptors of the daemon"
set xlabel "minutes"
set ylabel "MiB"
set y2label "descriptors"
set grid ytics lc rgb "#dddddd"
set tics nomirror
set y2tics
set yrange [0:*]
set y2range [0:*]
set key bottom right
plot $data using 1:2 with lines linewidth 2 linecolor rgb "#d9622b" title "resident memory", \\
  $data using 1:3 axes x1y2 with lines linecolor rgb "#3b7dd8" title "descriptors"
"""


def curves(file: Path, samples: Iterable[tuple[float, float, int]]) -> None:
    """Of minutes, MiB and descriptors. Without gnuplot there is none."""
    if not shutil.which("gnuplot"):
        print("no plot: there is no gnuplot")
        return
    data = "\n".join(" ".join(f"{value:.6g}" for value in sample) for sample in samples)
    script = SCRIPT.format(data=data, file=file)
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
