#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh DUMP: builds the program that copies a vmcore. The same compiler gives the same bytes.
set -eu
gcc -std=c11 -O2 -Wall -Wextra -ffreestanding -fno-pie -fno-tree-loop-distribute-patterns -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fcf-protection=none -fno-ident -mno-sse -nostdlib -static -no-pie -s \
  -Wl,--build-id=none,-z,noexecstack -o "$1" "$(dirname "$0")/dump.c"
