#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes a CI host ready: opens KVM on a runner of GitHub, installs what sub1m needs, shows what the host has.
# Whatever fails here exits 69 (EX_UNAVAILABLE): 1 is a verdict.
set -Eeuo pipefail
trap 'exit 69' ERR
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# As GitHub's own documentation has it.
readonly UDEV_RULE='KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"'
readonly UDEV_FILE=/etc/udev/rules.d/99-kvm4all.rules

main() {
  if may_open_kvm; then open_kvm; fi
  scripts/setup.sh start
  ./sub1m doctor
}

# On a runner of GitHub only root may open /dev/kvm. The rules of any other host are its owner's.
may_open_kvm() {
  [[ ${RUNNER_ENVIRONMENT:-} == github-hosted && -e /dev/kvm && ! -w /dev/kvm ]]
}

open_kvm() {
  sudo -n tee "$UDEV_FILE" <<<"$UDEV_RULE" >/dev/null
  sudo -n udevadm control --reload-rules
  sudo -n udevadm trigger --name-match=kvm
  sudo -n udevadm settle --timeout=10
}

main
