#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm run sub1m`, and what scripts called before there was ./sub1m.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# npm runs scripts in the checkout; a path on the command line is seen from where the user stands.
if [[ ${npm_lifecycle_event:-} == @(start|sub1m) ]]; then cd "$INIT_CWD"; fi

exec "$root/sub1m" "$@"
