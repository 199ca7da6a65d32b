#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A night on a machine of your own, for cron or sub1m-night.timer (docs/ci.md):
#
#   17 1 * * *  SUB1M_MAIL_TO=you@example.org ~/sub1m/docs/ci/cron-night.sh
#
# From the environment:
#   SUB1M_NIGHTS       where nights and their history lie ($XDG_STATE_HOME/sub1m/nights)
#   SUB1M_MATRIX, SUB1M_LIMIT    nightly, 60min
#   SUB1M_ARGS         more arguments of `sub1m run`, one a line
#   SUB1M_KEEP_NIGHTS  how many nights stay (14); the history stays whole
#   SUB1M_MAIL_TO      who gets the night as Markdown; needs sendmail
#   KCIDB_REST         where `sub1m submit` brings it
# Ends with the exit status of the run; 69 also if another night is still going on.
set -Eeuo pipefail
trap 'exit 69' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/outputs.sh
source "$root/scripts/ci/outputs.sh"

readonly NIGHTS=${SUB1M_NIGHTS:-${XDG_STATE_HOME:-$HOME/.local/state}/sub1m/nights}
# cron's is shorter.
PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin

main() {
  local lock night status=0
  mkdir -p "$NIGHTS"
  exec {lock}>"$NIGHTS/.lock"
  if ! flock --nonblock "$lock"; then
    echo "Cannot start: another night is going on in $NIGHTS" >&2
    exit 69
  fi
  night=$NIGHTS/$(date -u +%Y-%m-%dT%H-%M-%SZ)
  mkdir "$night"
  run_cells "$night" "$lock" || status=$?
  # What follows loses no verdict.
  if [[ -n ${SUB1M_MAIL_TO:-} ]]; then send_mail "$night" "$status" || complain 'mail the night'; fi
  if [[ -n ${KCIDB_REST:-} ]]; then "$root/sub1m" submit "$night/run" || complain 'submit the night'; fi
  rotate || complain "remove old nights in $NIGHTS"
  exit "$status"
}

run_cells() {
  local night=$1 lock=$2 more
  lines_of "${SUB1M_ARGS:-}" more
  # What stays behind must not hold the lock.
  "$root/sub1m" run "--limit=${SUB1M_LIMIT:-60min}" "--history=$NIGHTS/history.jsonl" "--results=$night/run" \
    "--reporter=markdown:$night/night.md" "--reporter=console:$night/night.txt" \
    "${more[@]}" -- "${SUB1M_MATRIX:-nightly}" {lock}>&- 2>"$night/log"
}

send_mail() {
  local night=$1 status=$2 body=$1/night.md subject
  # Without cells there is no report.
  if [[ ! -s $body ]]; then body=$night/log; fi
  case $status in
    0) subject='every cell matches' ;;
    1) subject='an invariant is broken' ;;
    69) subject='could not judge' ;;
    *) subject="ended with $status" ;;
  esac
  {
    printf 'To: %s\nSubject: [sub1m] %s: %s\n' "$SUB1M_MAIL_TO" "$(hostname)" "$subject"
    printf 'MIME-Version: 1.0\nContent-Type: text/markdown; charset=utf-8\n\n'
    tail -c 1M "$body"
  } | sendmail -t -i
}

# Removes all nights but the newest; only what has the name of a night.
rotate() {
  local nights=()
  mapfile -t nights < <(find "$NIGHTS" -mindepth 1 -maxdepth 1 -type d \
    -name '20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]-[0-9][0-9]-[0-9][0-9]Z' | sort -r)
  rm -rf -- "${nights[@]:${SUB1M_KEEP_NIGHTS:-14}}"
}

complain() {
  echo "warning: could not $1: see above" >&2
}

main
