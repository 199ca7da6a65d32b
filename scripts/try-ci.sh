#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs what docs/ci/ has for CI in a bare Debian 12, as far as that can be done without GitHub and GitLab:
#
#   scripts/try-ci.sh github|gitlab|cron [folder]
#
# The folder (/var/tmp/sub1m-try-ci) gets the Debian, made by debootstrap from the mirror of this host; what a trial
# leaves is in its /home/runner/trial. Two cells that only look at ownership, one machine at a time. Needs root,
# debootstrap, and the last commit: uncommitted changes are not tried.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly KIND=${1:-} FOLDER=${2:-/var/tmp/sub1m-try-ci}
# Of gitlab-ci-local, the last that runs on Node 20; it checks the template by GitLab's own schema.
readonly GITLAB_RUNNER=gitlab-ci-local@4.61.1
readonly MATRIX='{
  "schema": 1,
  "axes": {
    "kernel": ["debian:6.1"], "layout": ["stock"], "crashkernel": [null, "256M"], "trigger": ["none"], "vmcore": ["none"]
  }
}'

main() {
  if [[ $KIND != @(github|gitlab|cron) ]]; then
    echo 'Usage: scripts/try-ci.sh github|gitlab|cron [folder]' >&2
    exit 64
  fi
  if [[ ! -e $FOLDER/.made ]]; then make_debian; fi
  bring_sub1m
  # Mounts end with the namespace.
  export FOLDER KIND GITLAB_RUNNER
  exec unshare --mount --pid --fork --kill-child "$BASH" -c "$(declare -f enter trial_github trial_gitlab trial_cron); enter"
}

# What a hosted runner has: a user who may become root, git, Node. No QEMU, no compiler.
make_debian() {
  local mirror
  # shellcheck disable=SC2016 # It is apt-get's.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -n 1)
  debootstrap --variant=minbase --include=ca-certificates,git,procps,sudo bookworm "$FOLDER" "$mirror"
  echo 'runner ALL=(ALL) NOPASSWD: ALL' >"$FOLDER/etc/sudoers.d/runner"
  chroot "$FOLDER" useradd --create-home --shell /bin/bash runner
  touch "$FOLDER/.made"
}

# This host's ways to its mirrors, its Node (as actions/setup-node would bring one), this checkout.
bring_sub1m() {
  local node prefix file
  cp -aL /etc/resolv.conf /etc/hosts "$FOLDER/etc/"
  rm -f "$FOLDER/etc/apt/sources.list"
  cp -aL /etc/apt/apt.conf.d /etc/apt/sources.list.d "$FOLDER/etc/apt/"
  cp -aL /etc/ssl/certs/ca-certificates.crt "$FOLDER/etc/ssl/certs/"
  node=$(readlink -f "$(type -P node)") prefix=$(npm prefix --global)
  mkdir -p "$FOLDER/usr/lib/node_modules" "$FOLDER/$prefix/etc"
  cp -a "$node" "$FOLDER/usr/bin/"
  cp -a "$prefix/lib/node_modules/npm" "$FOLDER/usr/lib/node_modules/"
  for file in npm npx; do ln -sf "../lib/node_modules/npm/bin/$file-cli.js" "$FOLDER/usr/bin/$file"; done
  file=$(npm config get globalconfig)
  if [[ -e $file ]]; then cp -L "$file" "$FOLDER/$prefix/etc/"; fi
  if [[ -e ~/.npmrc ]]; then cat ~/.npmrc >>"$FOLDER/$prefix/etc/npmrc"; fi

  rm -rf "$FOLDER/opt/sub1m" "$FOLDER/opt/trial"
  git clone --quiet --no-hardlinks . "$FOLDER/opt/sub1m"
  cp -a "$FOLDER/opt/sub1m" "$FOLDER/opt/trial"
  cp -a node_modules "$FOLDER/opt/trial/"
  echo "$MATRIX" >"$FOLDER/opt/matrix.json"
  chroot "$FOLDER" chown -R runner: /opt
}

enter() {
  mount --make-rprivate /
  mount -t proc proc "$FOLDER/proc"
  mount --rbind /sys "$FOLDER/sys"
  mount --rbind /dev "$FOLDER/dev"
  exec chroot "$FOLDER" sudo -u runner -H env -i HOME=/home/runner USER=runner LANG=C.UTF-8 PATH=/usr/bin:/bin \
    npm_config_prefer_offline=true GITLAB_RUNNER="$GITLAB_RUNNER" bash -euo pipefail -c \
    "$(declare -f "trial_$KIND"); mkdir -p ~/trial; cd ~/trial; trial_$KIND"
}

# GitHub itself is not there: its own actions are stand-ins (scripts/ci-trial/stand-ins.ts).
trial_github() {
  node --import /opt/trial/node_modules/tsx/dist/loader.mjs /opt/trial/scripts/try-workflow.ts \
    /opt/trial/docs/ci/github-nightly.yml --store github --sub1m /opt/sub1m \
    --set 'jobs.cells.strategy.matrix.shard=[1, 2]' --set jobs.cells.steps.1.with.matrix=/opt/matrix.json \
    --set jobs.cells.steps.1.with.limit=20min --set 'jobs.cells.steps.1.with.require-kvm="false"' \
    --set 'jobs.cells.steps.1.with.args=--jobs=1'
}

# gitlab-ci-local stands for GitLab and its runner.
trial_gitlab() {
  sudo apt-get install --yes --quiet=2 rsync
  rm -rf gitlab
  git init --quiet gitlab
  cd gitlab
  sed 's/parallel: 3/parallel: 2/' /opt/sub1m/docs/ci/gitlab-nightly.yml >.gitlab-ci.yml
  git add .
  git -c user.name=runner -c user.email=runner@localhost commit --quiet -m 'A night'
  git remote add origin git@localhost:group/project.git
  npx --yes "$GITLAB_RUNNER" --force-shell-executor --concurrency 1 --variable CI_PIPELINE_SOURCE=schedule \
    --variable SUB1M_REPOSITORY=/opt/sub1m --variable SUB1M_REQUIRE_KVM=false --variable SUB1M_MATRIX=/opt/matrix.json \
    --variable SUB1M_ARGS=--jobs=1
}

# As cron calls it. What would be mailed goes to a file.
trial_cron() {
  mkdir -p bin
  printf '#!/bin/sh\nexec cat >>~/trial/mail\n' >bin/sendmail
  chmod +x bin/sendmail
  env -i HOME="$HOME" LOGNAME=runner SHELL=/bin/sh PATH="$PWD/bin:/usr/bin:/bin" SUB1M_MAIL_TO=you@example.org \
    SUB1M_NIGHTS="$PWD/nights" SUB1M_MATRIX=/opt/matrix.json SUB1M_LIMIT=20min SUB1M_ARGS=--jobs=1 \
    sh -c /opt/sub1m/docs/ci/cron-night.sh
}

main
