# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the steps of CI say to the CI, for them to source.

# Sets an output of a step of GitHub to these lines, which come from this folder alone: none is `end`.
output() {
  local name=$1
  shift
  {
    echo "$name<<end"
    printf '%s\n' "$@"
    echo end
  } >>"${GITHUB_OUTPUT:-/dev/null}"
}

# A shard i/n as part of a name: i-of-n.
part_of() {
  local shard=${1:-1/1}
  if [[ ! $shard =~ ^[0-9]{1,4}/[0-9]{1,4}$ ]]; then
    echo "Cannot use the shard $shard: expected i/n, such as 1/3" >&2
    exit 64
  fi
  echo "${shard/\//-of-}"
}

# The lines of a text as arguments, into the array that is named; empty ones are left out.
lines_of() {
  mapfile -t "$2" < <(sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /^$/d' <<<"$1")
}

# Says how sub1m ended, and ends like it.
end_like() {
  local status=$1
  local -A ends=([0]=match [1]=broken [64]=usage [65]=input [69]=unjudged [70]=bug)
  output status "$status"
  output end "${ends[$status]:-interrupted}"
  if [[ ${GITHUB_ACTIONS:-} == true ]]; then
    case $status in
      0 | 1) ;;
      69) echo '::error title=sub1m could not judge (69)::The host is at fault, no kernel: see the log and the summary' ;;
      *) echo "::error title=sub1m ended with $status::No verdict: see the log" ;;
    esac
  fi
  exit "$status"
}
