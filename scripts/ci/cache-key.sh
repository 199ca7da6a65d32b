#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Names the cache of a CI job, for GitHub's actions/cache: what is downloaded and built depends on sub1m, the matrix,
# the kernels of the mirror and the shard. Writes `path`, `key` and `restore` to $GITHUB_OUTPUT.
# Takes SUB1M_MATRIX and SUB1M_SHARD from the environment. Whatever fails here exits 69 (EX_UNAVAILABLE).
set -Eeuo pipefail
trap 'exit 69' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/outputs.sh
source "$root/scripts/ci/outputs.sh"

# shellcheck disable=SC2016 # It is JavaScript's.
readonly LIST_KERNELS='
  const { kernels } = JSON.parse(fs.readFileSync(0, "utf8"));
  kernels.map(({ ref }) => ref).sort().join("\n")'

main() {
  local matrix=${SUB1M_MATRIX:-nightly} lock kernels part
  if [[ $matrix != */* && $matrix != *.json ]]; then matrix=$root/images/matrices/$matrix.json; fi
  lock=$(digest <"$root/package-lock.json")
  matrix=$(digest <"$matrix")
  kernels=$("$root/sub1m" kernels --json | node -p "$LIST_KERNELS" | digest)
  part=$(part_of "${SUB1M_SHARD:-}") || exit
  output path "${XDG_CACHE_HOME:-$HOME/.cache}/sub1m"
  output key "sub1m-$part-$lock-$matrix-$kernels"
  # The newest cache of the same shard, then of any: all of it is kept by content.
  output restore "sub1m-$part-" "sub1m-"
}

digest() {
  sha256sum | cut -c-12
}

main
