#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs the cells of a CI job. From the environment:
#   SUB1M_OUT          the folder to make: run/, with all that the run leaves, and history.jsonl
#   SUB1M_MATRIX       a name or a file (nightly)
#   SUB1M_LIMIT, SUB1M_SHARD, SUB1M_REQUIRE_KVM=true    like the options of `sub1m run`
#   SUB1M_HISTORY      the history so far: it is read and stays as it is
#   SUB1M_REPORTERS    values of --reporter, one a line
#   SUB1M_ARGS         more arguments of `sub1m run`, one a line
# Ends with sub1m's exit status; what fails before it exits 69 (EX_UNAVAILABLE).
set -Eeuo pipefail
trap 'exit 69' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/outputs.sh
source "$root/scripts/ci/outputs.sh"

main() {
  local out=$SUB1M_OUT part reporters more status=0
  part=$(part_of "${SUB1M_SHARD:-}") || exit
  lines_of "${SUB1M_REPORTERS:-}" reporters
  lines_of "${SUB1M_ARGS:-}" more
  mkdir -p "$out"
  if [[ -n ${SUB1M_HISTORY:-} && -e $SUB1M_HISTORY ]]; then cp "$SUB1M_HISTORY" "$out/history.jsonl"; fi
  output part "$part"
  output folder "$out"

  # Nothing that comes as a value can be another option.
  local args=("--results=$out/run" "--history=$out/history.jsonl")
  if [[ -n ${SUB1M_LIMIT:-} ]]; then args+=("--limit=$SUB1M_LIMIT"); fi
  if [[ -n ${SUB1M_SHARD:-} ]]; then args+=("--shard=$SUB1M_SHARD"); fi
  if [[ ${SUB1M_REQUIRE_KVM:-} == true ]]; then args+=(--require-kvm); fi
  args+=("${reporters[@]/#/--reporter=}" "${more[@]}")
  "$root/sub1m" run "${args[@]}" -- "${SUB1M_MATRIX:-nightly}" || status=$?
  end_like "$status"
}

main
