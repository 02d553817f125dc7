#!/bin/sh
# Installs what the tests need, builds, and runs them all:
#   the unit, HTTP and fault tests on the release build, then under the sanitizers, with a short
#   workload and kills;
#   each fuzz target for a few seconds;
#   the rules that the source keeps (layers, format, co_await);
#   the release daemon as a black box, with real clients, and the short forms of tests/long.sh.
# Under 40 minutes on 2 cores from cold, a few when warm. Ends with what failed, if anything did.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

deploy/install-packages.sh build test
failed=""

step() {  # step NAME COMMAND...
  name=$1
  shift
  printf '\n=== %s\n' "$name"
  "$@" || failed="$failed
  $name"
}

# The black box first takes the release build, whose options the sanitizers must not change.
cmake --preset release -DBUILD_TESTING=ON --log-level=WARNING
cmake --build --preset release
step "unit tests, release" ctest --preset release --output-on-failure -j2
step "rules of the source" /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/rules
step "black box" /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e
step "reliability" /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/reliability

for sanitizer in asan tsan; do
  cmake --preset "$sanitizer" --log-level=WARNING
  cmake --build --preset "$sanitizer"
  step "unit tests, $sanitizer" ctest --preset "$sanitizer" --output-on-failure -j2
  step "workload, $sanitizer" env REGISTRY_BINARY="build/$sanitizer/registry" \
    /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/reliability -k "random_workload and 7s or kills"
done
step "fuzz" tests/fuzz/run.sh

if [ -n "$failed" ]; then
  printf '\nFAILED:%s\n' "$failed"
  exit 1
fi
printf '\nall passed\n'
