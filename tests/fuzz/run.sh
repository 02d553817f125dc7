#!/bin/sh
# Runs every fuzz target over its kept inputs, then for SECONDS more on what it makes of them:
#   tests/fuzz/run.sh [-keep] [-only NAME] [SECONDS] [SEED]
# The targets are programs of the preset asan. Two run at a time. The same SEED leads to the same
# inputs, as far as the seconds reach. An input that breaks a target is left in build/fuzz/artifacts,
# and goes into tests/fuzz/corpus/NAME once it is mended.
#   -keep   takes the new inputs that reached new code into tests/fuzz/corpus, as few as will do
#   -only   just this target
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
programs=build/asan/tests/fuzz
out=build/fuzz

# One target; "passed" is its last line then. Called by this script itself, below.
if [ "${1:-}" = -target ]; then
  name=$2 seconds=$3 seed=$4 keep=$5
  kept=tests/fuzz/corpus/$name found=$out/corpus/$name
  mkdir -p "$found" "$out/artifacts/$name" "$out/log"
  dictionary=
  [ ! -f "tests/fuzz/$name.dict" ] || dictionary=-dict=tests/fuzz/$name.dict
  run() {
    # shellcheck disable=SC2086  # there may be none
    "$programs/registry_fuzz_$name" $dictionary -seed="$seed" -rss_limit_mb=1024 -timeout=10 \
      -max_len=20000 -artifact_prefix="$out/artifacts/$name/" -print_final_stats=1 "$@"
  }
  {
    run -runs=0 "$kept" && run -max_total_time="$seconds" "$found" "$kept" &&
      if [ "$keep" = yes ]; then run -merge=1 "$kept" "$found"; fi && echo passed
  } > "$out/log/$name" 2>&1 || echo failed >> "$out/log/$name"
  exit 0
fi

keep=no only=
while :; do
  case ${1:-} in
    -keep) keep=yes ;;
    -only) only=$2 && shift ;;
    *) break ;;
  esac
  shift
done
seconds=${1:-3} seed=${2:-1}

rm -rf "$out"
mkdir -p "$out"
cmake --preset asan --log-level=WARNING > "$out/configure.log"
cmake --build --preset asan --target registry_fuzzers

names=${only:-$(cd tests/fuzz && ls -- *_fuzzer.cpp | sed 's/_fuzzer.cpp$//')}
echo "fuzzing for $seconds s each, seed $seed"
printf '%s\n' "$names" | xargs -P 2 -I NAME "$0" -target NAME "$seconds" "$seed" "$keep"

passed=0 failed=0
for name in $names; do
  log=$out/log/$name
  if [ "$(tail -n 1 "$log")" = passed ]; then
    passed=$((passed + 1))
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | sed -n 2p)
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    printf '  %-13s %9s runs, %5s edges\n' "$name" "$runs" "$coverage"
  else
    failed=$((failed + 1))
    printf '  %-13s FAILED; %s ends:\n' "$name" "$log"
    tail -n 40 "$log" | sed 's/^/    /'
  fi
done
echo "$passed fuzz targets passed, $failed failed"
[ "$failed" = 0 ]
