#!/usr/bin/env bash
# Installs what the tests need, builds with sanitizers, starts real servers on free ports, runs every suite, stops what it
# started, and ends with "N passed, N failed, N skipped".
# usage: tests/run.sh [lint|unit|conformance|e2e|fault|fuzz|tsan]…     default: all but tsan
#   ASSAY_FUZZ_SECONDS=60  for all fuzz targets together     ASSAY_TEST_KEEP=1  keep the scratch folder
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
source_dir=$PWD
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(lint unit conformance e2e fault fuzz)
for suite in "${suites[@]}"; do
    case $suite in lint | unit | conformance | e2e | fault | fuzz | tsan) ;; *) sed -n '4p' "$0" >&2; exit 2 ;; esac
done

passed=0 failed=0 skipped=0
declare -a failures=()
note() { printf '\n== %s\n' "$*"; }
pass() { passed=$((passed + ${1:-1})); }
fail() { failed=$((failed + 1)); failures+=("$1"); printf 'FAILED: %s\n' "$1"; }
wants() { local s; for s in "${suites[@]}"; do [ "$s" = "$1" ] && return 0; done; return 1; }

finish() {
    stop_servers 2>/dev/null
    [ -n "${ASSAY_TEST_KEEP:-}" ] || rm -rf "$ASSAY_TEST_DIR"
    [ ${#failures[@]} -eq 0 ] || { printf '\n'; printf 'failed: %s\n' "${failures[@]}"; }
    printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
    [ $failed -eq 0 ] && [ $((passed)) -gt 0 ]
    exit $?
}

deploy/deps.sh test || { echo "tests: the dependencies could not be installed"; exit 1; }
ASSAY_TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/assay-test.XXXXXX"); chmod 755 "$ASSAY_TEST_DIR"
export ASSAY_TEST_DIR
. tests/lib/servers.sh
trap 'exit 130' INT TERM
trap finish EXIT

build() { # build PRESET: quiet when it goes well
    local log=$ASSAY_TEST_DIR/build-$1.log
    cmake --preset "$1" >"$log" 2>&1 && cmake --build --preset "$1" >>"$log" 2>&1 && return 0
    grep -E 'error|FAILED|Error' "$log" | head -n 40; tail -n 5 "$log"; fail "build of preset $1"; exit 1
}

run_ctest() { # run_ctest LABEL: counts each test program; a program that skipped everything counts as skipped
    local log=$ASSAY_TEST_DIR/ctest-$1.log
    ctest --test-dir build/dev -L "^$1\$" -j "$(nproc)" --output-on-failure >"$log" 2>&1
    grep -E '^ *[0-9]+/[0-9]+ Test' "$log"
    grep -E '^\[  SKIPPED \] [a-z]' "$log" | sort -u | head -n 20
    local name
    while read -r name; do
        fail "$name"
        awk -v n="$name" '$0 ~ "Start +[0-9]+: " n "$" {p=1} p' "$log" | head -n 60
    done < <(grep -E '^ *[0-9]+/[0-9]+ Test' "$log" | grep -vE ' Passed | \(Skipped\)|\*\*\*Skipped' | sed -E 's/.*: ([^ ]+) \.*.*/\1/')
    pass "$(grep -cE '^ *[0-9]+/[0-9]+ Test.* Passed ' "$log")"
    skipped=$((skipped + $(grep -cE '\*\*\*Skipped' "$log")))
}

run_python() { # run_python FOLDER: every test_*.py, its own count taken over
    local file log result
    for file in "$1"/test_*.py; do
        [ -e "$file" ] || continue
        log=$ASSAY_TEST_DIR/$(basename "$file").log
        timeout 1800 python3 -m unittest -v "$file" >"$log" 2>&1; result=$?
        local ran skips
        ran=$(sed -nE 's/^Ran ([0-9]+) tests?.*/\1/p' "$log" | tail -n 1)
        skips=$(sed -nE 's/.*skipped=([0-9]+).*/\1/p' "$log" | tail -n 1)
        skipped=$((skipped + ${skips:-0}))
        if [ $result -eq 0 ] && [ "${ran:-0}" -gt 0 ]; then
            pass $((ran - ${skips:-0})); printf '%s: %s ran, %s skipped\n' "$file" "$ran" "${skips:-0}"
        else
            fail "$file"; grep -vE ' \.\.\. ok$' "$log" | tail -n 60
        fi
        grep -oE "skipped '.*'" "$log" | sort | uniq -c | head -n 8
    done
}

if wants lint; then
    note "lint: includes, format, generated documents"
    for script in tests/lint/*.py tests/lint/*.sh; do
        [ -e "$script" ] || continue
        if "$script" >"$ASSAY_TEST_DIR/lint.log" 2>&1; then pass; tail -n 1 "$ASSAY_TEST_DIR/lint.log"
        else fail "$script"; head -n 40 "$ASSAY_TEST_DIR/lint.log"; fi
    done
fi

judge_threads() { # judge_threads NAME COMMAND…: under ThreadSanitizer; what it says of our own code fails
    local name=$1 log=$ASSAY_TEST_DIR/tsan-$1.log; shift
    if timeout 1800 tests/lib/tsan.py build/tsan "$@" >"$log" 2>&1; then pass; else fail "tsan $name"; grep -vE ' Passed | Start | \.\.\. ok$' "$log" | tail -n 80; fi
    printf '%s: %s\n' "$name" "$(grep '^ThreadSanitizer:' "$log")"
}

if wants unit || wants conformance || wants e2e || wants fault; then
    note "build (AddressSanitizer, UndefinedBehaviorSanitizer)"
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
    build dev
    export ASSAY=$source_dir/build/dev/assay ASSAY_EXECUTE=$source_dir/build/dev/assay-execute
    if wants e2e; then build release; export ASSAY_EXECUTE_RELEASE=$source_dir/build/release/assay-execute; fi
fi
if wants unit || wants conformance || wants e2e || wants fault || wants tsan; then
    note "servers: PostgreSQL, Redis, Kafka"
    start_postgres || fail "PostgreSQL does not start"
    start_redis || fail "Redis does not start"
    if wants conformance || wants e2e || wants fault || wants tsan; then start_kafka || fail "Kafka does not start"; fi
fi
for suite in unit conformance; do
    if wants $suite; then note "$suite"; run_ctest $suite; fi
done
if wants e2e; then note "e2e"; run_python tests/e2e; fi
if wants fault; then note "fault"; run_python tests/fault; fi

if wants tsan; then
    note "ThreadSanitizer: what has several threads"
    build tsan
    judge_threads programs ctest --test-dir build/tsan --output-on-failure -j "$(nproc)" \
        -R '^(http|db|engine|profile|scan|relations|connect|api|publish|supervise|worker|conformance_[a-z]*)/|^read/test_csv_ranges$'
    for name in scan_files profile_nested relations cluster; do
        judge_threads $name python3 -m unittest -v tests/e2e/test_$name.py
    done
fi

if wants fuzz; then
    note "fuzz (${ASSAY_FUZZ_SECONDS:-60} s together)"
    build fuzz
    mapfile -t targets < <(find build/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x | sort)
    [ ${#targets[@]} -gt 0 ] || fail "no fuzz targets"
    each=$((${ASSAY_FUZZ_SECONDS:-60} / (${#targets[@]} > 0 ? ${#targets[@]} : 1)))
    for target in "${targets[@]}"; do
        name=$(basename "$target"); corpus=$ASSAY_TEST_DIR/corpus-$name; mkdir -p "$corpus"
        seeds=tests/fuzz/corpus/$name; [ -d "$seeds" ] || seeds=
        if (cd "$ASSAY_TEST_DIR" && "$source_dir/$target" -max_total_time=$((each > 0 ? each : 1)) -timeout=20 -rss_limit_mb=4096 -print_final_stats=0 \
            "$corpus" ${seeds:+"$source_dir/$seeds"}) >"$ASSAY_TEST_DIR/$name.log" 2>&1; then
            pass; printf '%s: %s\n' "$name" "$(grep -E '^Done|cov:' "$ASSAY_TEST_DIR/$name.log" | tail -n 1)"
        else fail "$name"; tail -n 30 "$ASSAY_TEST_DIR/$name.log"; fi
    done
fi
