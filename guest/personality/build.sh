#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh DRIVER: builds the personality driver, a PE32+ image. The same compiler gives the same bytes.
set -eu
driver=$(realpath "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -std=c11 -Os -Wall -Wextra -Wno-array-bounds -ffreestanding -fpie -fvisibility=hidden -fshort-wchar -fcf-protection=none \
  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -mno-red-zone -mgeneral-regs-only \
  -nostdlib -Wl,-pie,--no-dynamic-linker,--build-id=none,-z,norelro,-z,noexecstack,--orphan-handling=place \
  -Wl,-T,personality.lds -o "$work/driver.elf" ./*.c
objcopy --strip-all --only-section=.text --only-section=.data --only-section=.reloc \
  --output-target=pei-x86-64 --subsystem=efi-bsd "$work/driver.elf" "$driver"
