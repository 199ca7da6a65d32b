#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm run sub1m`; also for scripts from before ./sub1m existed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# npm runs scripts in the checkout; paths on the command line are relative to the user's folder.
if [[ ${npm_lifecycle_event:-} == @(start|sub1m) ]]; then cd "$INIT_CWD"; fi

exec "$root/sub1m" "$@"
