#!/bin/sh
# SPDX-License-Identifier: MIT
# pack.sh FOLDER ARCHIVE: packs a folder as an initramfs archive (newc). The same contents give the same bytes.
set -eu
archive=$(realpath "$2")
cd "$1"
chmod -R u=rwX,go=rX .
find . -exec touch --no-dereference --date=@0 {} +
find . | LC_ALL=C sort | cpio --quiet --create --format=newc --reproducible --owner=+0:+0 >"$archive"
