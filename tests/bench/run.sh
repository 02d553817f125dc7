#!/bin/sh
# Measures the daemon beside Docker Registry 2.8.2 and nginx, and writes docs/performance.md:
#   tests/bench/run.sh              all of it, about an hour on 2 cores
#   tests/bench/run.sh --quick      small sizes and one round, about 2 minutes; writes into build/bench
#   tests/bench/run.sh --help       the other options
# With --ours PATH nothing is installed or built: the generator stands beside that binary.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

case " $* " in
  *" --ours"* | *" --list "* | *" --help "*) ;;
  *)
    deploy/install-packages.sh build bench
    cmake --preset release -DBUILD_TESTING=ON --log-level=WARNING
    cmake --build --preset release --target registry registry_bench
    ;;
esac
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/e2e exec /usr/bin/python3 tests/bench/runner.py "$@"
