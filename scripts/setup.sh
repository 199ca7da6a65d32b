#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes this host ready: system packages, node_modules, the compiled program. Does only what is left to do.
#
#   scripts/setup.sh start      what `npm start` needs
#   scripts/setup.sh test       what `npm test` needs: the same, and what checks scripts, completions and the man page
#   scripts/setup.sh modules    only node_modules; silent when they are current
#
# Writes only to standard error. On failure it says what to run and exits 69 (EX_UNAVAILABLE).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PURPOSE=${1:-}
# The oldest Node 20 that all packages run on.
readonly NODE_NEEDED=20.19
# The hash of the package-lock.json that node_modules was made from.
readonly STAMP=node_modules/.sub1m-setup
# Seconds between two lines of progress.
readonly PROGRESS_EVERY=5

# Debian keeps kexec and depmod outside a plain user's PATH.
PATH=$PATH:/usr/sbin:/sbin

# Each package, and a command or file that it installs.
declare -A NEEDED=(
  [qemu-system-x86]=qemu-system-x86_64
  [ovmf]='/usr/share/qemu/firmware/*x86_64*.json'
  [kexec-tools]=kexec
  [makedumpfile]=makedumpfile
  [busybox-static]=busybox
  [cpio]=cpio
  [zstd]=zstd
  [xz-utils]=xz
  [kmod]=depmod
  [gcc]=gcc
  [binutils]=objcopy
  [debian-archive-keyring]='/usr/share/keyrings/debian-archive-keyring.gpg'
  # To build kernels.
  [make]=make
  [flex]=flex
  [bison]=bison
  [bc]=bc
  [perl]=perl
  [patch]=patch
  [libelf-dev]=/usr/include/gelf.h
  [libssl-dev]=/usr/include/openssl/ssl.h
)
if [[ $PURPOSE == test ]]; then
  NEEDED+=([shellcheck]=shellcheck [zsh]=zsh [fish]=fish [man-db]=man [faketime]=faketime)
  # For tests of queues, which start them themselves.
  NEEDED+=([redis-server]=redis-server [openssh-server]=/usr/sbin/sshd)
  # Ubuntu has it as a snap alone; there the tests take what browser there is.
  if grep -qx ID=debian /etc/os-release; then NEEDED+=([chromium]=chromium); fi
fi

worked=false

main() {
  local started=${EPOCHREALTIME/[.,]/} what='nothing to do'
  if [[ $PURPOSE != @(start|test|modules) ]]; then
    echo "Usage: scripts/setup.sh start|test|modules" >&2
    exit 64
  fi
  require_node
  if [[ $PURPOSE != modules ]]; then install_packages; fi
  install_modules
  if [[ $PURPOSE != modules ]]; then scripts/build.sh; fi
  if [[ $worked == true ]]; then
    what='done'
  elif [[ $PURPOSE == modules ]]; then
    return
  fi
  local tenths=$(((${EPOCHREALTIME/[.,]/} - started) / 100000))
  say "$what ($((tenths / 10)).$((tenths % 10)) s)"
}

require_node() {
  local found
  found=$(node --version 2>/dev/null) || found=none
  if ! printf 'v%s\n%s\n' "$NODE_NEEDED" "$found" | sort --check=quiet --version-sort; then
    give_up "Cannot run sub1m: expected Node $NODE_NEEDED or newer, found $found"
  fi
}

install_packages() {
  local missing
  missing=$(missing_packages)
  if [[ -z $missing ]]; then return; fi
  if ! command -v apt-get >/dev/null; then
    give_up 'Cannot install packages: apt-get not found; install what your distribution calls' \
      "  $missing"
  fi
  # Answered beforehand because the default lets kexec handle the host's reboots.
  local preseed='echo kexec-tools kexec-tools/load_kexec boolean false | debconf-set-selections'
  local install='DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300'
  install+=" install -y --no-install-recommends $missing"
  local root_shell='su -c'
  if command -v sudo >/dev/null; then root_shell='sudo sh -c'; fi
  local by_hand="$root_shell '$preseed; apt-get update; $install'"

  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      give_up 'Cannot install packages: expected root, or sudo without a password; run this first:' \
        "  $by_hand"
    fi
  fi
  # An unrelated repository may fail to update; only the installation decides.
  run_logged "installing $missing" \
    "${as_root[@]}" sh -c "$preseed; $install || { apt-get update; $install; }" ||
    give_up 'Cannot install packages: see above; rerun when this works:' "  $by_hand"

  missing=$(missing_packages)
  if [[ -n $missing ]]; then
    local package=${missing%% *}
    give_up "Cannot find ${NEEDED[$package]}: expected it from package $package, which is installed"
  fi
}

missing_packages() {
  local package missing=()
  for package in "${!NEEDED[@]}"; do
    is_there "$package" || missing+=("$package")
  done
  echo "${missing[*]}"
}

is_there() {
  local sign=${NEEDED[$1]}
  if [[ $sign == /* ]]; then
    compgen -G "$sign" >/dev/null
  elif [[ $1 == busybox-static ]]; then
    # The package busybox has the same command, dynamically linked.
    command -v "$sign" >/dev/null && ! ldd "$(command -v "$sign")" >/dev/null 2>&1
  else
    command -v "$sign" >/dev/null
  fi
}

install_modules() {
  if modules_are_current; then return; fi
  # Of two concurrent starts the second finds the work done.
  local lock
  exec {lock}<package-lock.json
  if ! flock --nonblock "$lock"; then
    say 'waiting for another process that installs node_modules'
    flock "$lock"
  fi
  if modules_are_current; then return; fi
  # Nothing needs what install scripts do: ssh2's would compile parts that Node has.
  run_logged 'installing node_modules' \
    npm ci --include=dev --ignore-scripts --no-audit --loglevel=http ||
    give_up 'Cannot install node_modules: see above; rerun when this works:' \
      '  npm ci --ignore-scripts'
  sha256sum <package-lock.json >"$STAMP"
}

modules_are_current() {
  [[ -f $STAMP && $(<"$STAMP") == "$(sha256sum <package-lock.json)" ]]
}

# Runs a command and shows its progress; if it fails, the end of its output.
run_logged() {
  local what=$1 log
  shift
  worked=true
  log=$(mktemp --tmpdir sub1m-setup.XXXXXX.log)
  say "$what"
  if "$@" </dev/null 2>&1 | tee "$log" | show_progress; then
    rm "$log"
  else
    tail -n 20 "$log" >&2
    say "the whole output is in $log"
    return 1
  fi
}

show_progress() {
  local line next=$((SECONDS + 2))
  while IFS= read -r line; do
    if [[ -n $line ]] && ((SECONDS >= next)); then
      say "  ${line:0:80}"
      next=$((SECONDS + PROGRESS_EVERY))
    fi
  done
}

say() {
  echo "set-up: $1" >&2
}

give_up() {
  say "$1"
  if (($# > 1)); then echo "$2" >&2; fi
  exit 69
}

main
