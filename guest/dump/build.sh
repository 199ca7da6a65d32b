#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh SOURCE PROGRAM: builds a program that reads a vmcore. The same compiler gives the same bytes.
set -eu
gcc -std=c11 -O2 -Wall -Wextra -ffreestanding -fno-pie -fno-tree-loop-distribute-patterns -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fcf-protection=none -fno-ident -mno-sse -nostdlib -static -no-pie -s \
  -Wl,--build-id=none,-z,noexecstack -o "$2" "$(dirname "$0")/$1.c"
