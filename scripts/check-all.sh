#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs all that CI runs, in CI's order. The last line is `N passed, N failed, N skipped`: the tests
# of both kinds, and among the failed each other step that failed. Exits 1 if anything failed.
#
# shellcheck disable=SC2317,SC2329 # Functions are called through `step`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TYPESCRIPT=(harness scripts vitest.config.ts)
# Having seen fewer, dependency-cruiser has missed the sources, and finds no fault in them.
readonly MODULES_WANTED=20
# shellcheck disable=SC2016 # These are JavaScript's.
readonly COUNT_TESTS='
  const report = JSON.parse(fs.readFileSync(process.argv[1]));
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report;
  const failedFiles = testResults.filter((file) => file.status === "failed");
  const unloaded = failedFiles.filter((file) => file.assertionResults.length === 0);
  `${numPassedTests} ${numFailedTests + unloaded.length} ${numPendingTests + numTodoTests}`'

PATH=$PWD/node_modules/.bin:$PATH
passed=0 failed=0 skipped=0

main() {
  # Without types the steps below find only consequences.
  if check types tsc; then
    check lint oxlint --config scripts/check/oxlint.jsonc --type-aware "${TYPESCRIPT[@]}" || true
    check format oxfmt --config scripts/check/oxfmt.jsonc --check "${TYPESCRIPT[@]}" '!**/testdata/**' || true
    check 'import rules' check_imports || true
    check 'unused code' knip --config scripts/check/knip.jsonc || true
    check 'shell scripts' check_shell_scripts || true
    step 'unit tests' run_tests unit || true
    step 'machine tests' run_tests qemu || true
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $((failed > 0))
}

# A step that counts as one failed check when it fails.
check() {
  step "$@" && return
  failed=$((failed + 1))
  return 1
}

step() {
  local name=$1 started=$SECONDS outcome=ok
  shift
  echo "== $name"
  "$@" || outcome=FAILED
  echo "== $name: $outcome ($((SECONDS - started)) s)"
  [[ $outcome == ok ]]
}

check_imports() {
  local config=scripts/check/import-rules.mjs said seen=0 status=0
  said=$(depcruise --config "$config" --output-type err-long harness scripts) || status=1
  echo "$said"
  if [[ $said =~ ([0-9]+)\ modules ]]; then seen=${BASH_REMATCH[1]}; fi
  if ((seen < MODULES_WANTED)); then
    echo "Cannot judge the imports: $MODULES_WANTED modules wanted, $seen seen"
    status=1
  fi
  return "$status"
}

check_shell_scripts() {
  local scripts
  mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' scripts guest .ci)
  shellcheck "${scripts[@]}"
}

# Adds to the counts what Vitest's own report says of the tests of a project.
run_tests() {
  local project=$1 report status=0 counts nr_passed nr_failed nr_skipped
  report=$(mktemp --tmpdir sub1m-vitest.XXXXXX.json)
  vitest run --project "$project" --reporter=default --reporter=json --outputFile.json="$report" ||
    status=1
  # A Vitest that dies leaves an empty report.
  counts=$(node -p "$COUNT_TESTS" "$report" 2>/dev/null) || counts='0 0 0'
  rm "$report"
  read -r nr_passed nr_failed nr_skipped <<<"$counts"
  if ((status != 0 && nr_failed == 0)); then nr_failed=1; fi
  if [[ $project == qemu && -n ${CI:-} ]] && ((nr_skipped > 0)); then
    echo "In CI a machine test that is skipped has failed: $nr_skipped skipped"
    nr_failed=$((nr_failed + nr_skipped)) nr_skipped=0
  fi
  passed=$((passed + nr_passed)) failed=$((failed + nr_failed)) skipped=$((skipped + nr_skipped))
  ((nr_failed == 0))
}

main
