#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The command line from a checkout, from any folder: scripts/sub1m.sh <command> …
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh" modules

# npm runs scripts in the checkout; a path on the command line is seen from where the user stands.
if [[ ${npm_lifecycle_event:-} == @(start|sub1m) ]]; then cd "$INIT_CWD"; fi

export PATH=$PATH:/usr/sbin:/sbin
# Or tsx would take the one of the user's folder.
export TSX_TSCONFIG_PATH=$root/tsconfig.json
exec node --import "$root/node_modules/tsx/dist/loader.mjs" "$root/harness/cli/main.ts" "$@"
