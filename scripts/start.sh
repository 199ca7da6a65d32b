#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm start`: makes this host ready and runs the default matrix.
set -euo pipefail

scripts=$(dirname "${BASH_SOURCE[0]}")
"$scripts/setup.sh" start
exec "$scripts/sub1m.sh" run "$@"
