#!/bin/sh
# The long forms of the proofs in tests/reliability, whose short forms tests/run.sh runs:
#   tests/long.sh              all of them, about 2 hours on 2 cores, of which 30 minutes are the
#                              workload and the kills with the daemons of the sanitizers' builds
#   tests/long.sh -k kill      some of them: what follows goes to pytest
#   tests/long.sh -k soak --soak 60    a short soak, to try the script
# Writes the figures into docs/reliability.md, and the curves of the soak beside it, where all of
# them were run and have passed; else they stay in build/reliability. Bounded in time: LONG_SECONDS.
# REGISTRY_BINARY names a daemon to take instead of building one, for example of a sanitizer.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
export PYTHONDONTWRITEBYTECODE=1

long() {  # long PYTEST-ARGUMENTS...
  timeout --kill-after=300 --signal=INT "${LONG_SECONDS:-10800}" \
    /usr/bin/python3 -m pytest -v -p no:cacheprovider tests/reliability --long --figures "$figures" "$@"
}

sanitizers=""
if [ -z "${REGISTRY_BINARY:-}" ]; then
  deploy/install-packages.sh build test bench
  cmake --preset release -DBUILD_TESTING=ON --log-level=WARNING
  cmake --build --preset release --target registry
  [ $# -gt 0 ] || sanitizers="asan tsan"
fi
for sanitizer in $sanitizers; do
  cmake --preset "$sanitizer" --log-level=WARNING
  cmake --build --preset "$sanitizer" --target registry
done

figures=$root/build/reliability
rm -rf "$figures"
mkdir -p "$figures"
long --plot "$figures/reliability-soak.svg" "$@"
for sanitizer in $sanitizers; do
  (
    export REGISTRY_BINARY="build/$sanitizer/registry"
    long --workload 300 --build "$sanitizer" -k "random_workload or kills"
  )
done

[ $# -eq 0 ] || exit 0
/usr/bin/python3 tests/reliability/report/table.py "$figures" docs/reliability.md
[ ! -f "$figures/reliability-soak.svg" ] || cp "$figures/reliability-soak.svg" docs/
