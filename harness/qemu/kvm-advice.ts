// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

/** Who runs the host, where that decides what can be done about KVM. */
export type Provider = 'github' | 'gitlab' | 'other';

/** Why KVM does not work. */
export type KvmLack =
  /** The processor, or the virtual machine that the host is, has no VT-x or AMD-V. */
  | 'no-virtualization'
  /** There is no `/dev/kvm`, although the processor could. */
  | 'no-device'
  /** The device may not be opened. */
  | 'no-access'
  /** It opens, but no firmware boots. */
  | 'broken';

/** What to do about each, by provider; `other` also serves where a provider has nothing of its own. */
const ADVICE: Readonly<
  Record<KvmLack, Readonly<Partial<Record<Provider, string>> & { other: string }>>
> = {
  'no-virtualization': {
    github: 'use a Linux x86-64 runner of GitHub, which has KVM, or a machine of your own that has',
    gitlab: 'use a runner on a machine that has KVM: GitLab.com promises none on its own',
    other: 'switch VT-x or AMD-V on in the firmware, or nested virtualization in the hypervisor',
  },
  'no-device': {
    gitlab: 'give the Docker executor devices = ["/dev/kvm"] in config.toml',
    other: 'modprobe kvm_intel or kvm_amd; start a container with --device /dev/kvm',
  },
  'no-access': {
    github:
      `echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | ` +
      'sudo tee /etc/udev/rules.d/99-kvm4all.rules; sudo udevadm control --reload-rules; ' +
      'sudo udevadm trigger --name-match=kvm',
    gitlab: "add the runner's user to the group kvm",
    other: 'sudo usermod -aG kvm "$USER", and log in again',
  },
  broken: {
    other: "the hypervisor's nested KVM is at fault, not sub1m: use another host, or TCG as it is",
  },
};

/** What to do about a KVM that does not work. */
export function adviceOnKvm(lack: KvmLack, provider: Provider): string {
  return ADVICE[lack][provider] ?? ADVICE[lack].other;
}

/** Tells by its environment variables who runs the host. */
export function providerOf(env: NodeJS.ProcessEnv): Provider {
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  return env['GITLAB_CI'] === 'true' ? 'gitlab' : 'other';
}

/** Why KVM does not work here; `mayOpen` is whether the device may be opened. */
export function lackOf(
  { present, mayOpen }: { readonly present: boolean; readonly mayOpen: boolean },
  cpuinfo = readFileSync('/proc/cpuinfo', 'latin1'),
): KvmLack {
  if (present) return mayOpen ? 'broken' : 'no-access';
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo) ? 'no-device' : 'no-virtualization';
}
