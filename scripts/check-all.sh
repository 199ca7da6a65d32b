#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs all that CI runs, in CI's order. The last line is `N passed, N failed, N skipped`: the tests
# of all kinds, and among the failed each check that failed. Exits 1 if anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck disable=SC2016 # These are JavaScript's.
readonly COUNT_TESTS='
  const report = JSON.parse(fs.readFileSync(process.argv[1]));
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report;
  const failedFiles = testResults.filter((file) => file.status === "failed");
  const unloaded = failedFiles.filter((file) => file.assertionResults.length === 0);
  `${numPassedTests} ${numFailedTests + unloaded.length} ${numPendingTests + numTodoTests}`'

passed=0 failed=0 skipped=0

main() {
  scripts/check.sh || failed=$?
  run_tests unit
  run_tests browser
  run_tests qemu
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $((failed > 0))
}

# Adds to the counts what Vitest's own report says of the tests of a project.
run_tests() {
  local project=$1 started=$SECONDS report status=0 counts nr_passed nr_failed nr_skipped
  echo "== $project tests"
  report=$(mktemp --tmpdir sub1m-vitest.XXXXXX.json)
  node_modules/.bin/vitest run --project "$project" --reporter=default --reporter=json \
    --outputFile.json="$report" || status=1
  # A Vitest that dies leaves an empty report.
  counts=$(node -p "$COUNT_TESTS" "$report" 2>/dev/null) || counts='0 0 0'
  rm "$report"
  read -r nr_passed nr_failed nr_skipped <<<"$counts"
  if ((status != 0 && nr_failed == 0)); then nr_failed=1; fi
  if [[ $project != unit && -n ${CI:-} ]] && ((nr_skipped > 0)); then
    echo "In CI a skipped $project test counts as failed: $nr_skipped skipped"
    nr_failed=$((nr_failed + nr_skipped)) nr_skipped=0
  fi
  passed=$((passed + nr_passed)) failed=$((failed + nr_failed)) skipped=$((skipped + nr_skipped))
  echo "== $project tests: $nr_failed failed ($((SECONDS - started)) s)"
}

main
