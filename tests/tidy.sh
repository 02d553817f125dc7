#!/bin/sh
# clang-tidy over the sources (some minutes): tests/tidy.sh [FILE...]
set -eu
cd "$(dirname "$0")/.."
deploy/install-packages.sh build test
cmake --preset dev -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON --log-level=WARNING
[ $# -gt 0 ] || set -- $(git ls-files 'src/*.cpp')
printf '%s\n' "$@" | xargs -P2 -n1 clang-tidy-19 -p build/dev --quiet
