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

export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/e2e
runner="/usr/bin/python3 tests/bench/runner.py"
# A tmpfs of its own has room for millions of files, and goes with the last process that sees it.
# Where none can be mounted, /dev/shm has to do.
memory=build/bench/memory
mkdir -p "$memory"
if unshare --mount mount -t tmpfs none "$memory" 2>/dev/null; then
  # shellcheck disable=SC2086  # two words
  exec unshare --mount sh -c 'mount -t tmpfs -o nr_inodes=0,size=80% none "$0" && exec "$@"' \
    "$memory" $runner --memory "$root/$memory" "$@"
fi
# shellcheck disable=SC2086
exec $runner "$@"
