#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Merges what shards left. From the environment:
#   SUB1M_RUNS         a folder that holds a folder of each shard, as run-cells.sh makes it
#   SUB1M_OUT          the folder to make: site/ and history.jsonl, with every line once
#   SUB1M_REPORTERS    values of --reporter, one a line
#   SUB1M_ARGS         more arguments of `sub1m report`, one a line
# Ends with sub1m's exit status; what fails before it exits 69 (EX_UNAVAILABLE).
set -Eeuo pipefail
trap 'exit 69' ERR
shopt -s nullglob

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/outputs.sh
source "$root/scripts/ci/outputs.sh"

main() {
  local out=$SUB1M_OUT reporters more status=0
  local runs=("$SUB1M_RUNS"/*/run) histories=("$SUB1M_RUNS"/*/history.jsonl)
  lines_of "${SUB1M_REPORTERS:-}" reporters
  lines_of "${SUB1M_ARGS:-}" more
  mkdir -p "$out"
  # Before anything can go wrong: the next night needs it.
  sort -u "${histories[@]:-/dev/null}" >"$out/history.jsonl"
  output folder "$out"
  if ((${#runs[@]} == 0)); then
    echo "Cannot merge: expected $SUB1M_RUNS/*/run, found none; no shard has got to its cells" >&2
    end_like 69
  fi
  "$root/sub1m" report "--out=$out/site" "${reporters[@]/#/--reporter=}" "${more[@]}" -- "${runs[@]}" || status=$?
  end_like "$status"
}

main
