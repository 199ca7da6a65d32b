#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm test`: makes this host ready and checks everything.
set -euo pipefail

if (($# > 0)); then
  echo 'Usage: npm test. It runs everything; npm run unit|machines [part of a path] runs some tests' >&2
  exit 64
fi
scripts=$(dirname "${BASH_SOURCE[0]}")
"$scripts/setup.sh" test
exec "$scripts/check-all.sh"
