#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm test`: makes this host ready and checks everything.
set -euo pipefail

scripts=$(dirname "${BASH_SOURCE[0]}")
"$scripts/setup.sh" test
exec "$scripts/check-all.sh"
