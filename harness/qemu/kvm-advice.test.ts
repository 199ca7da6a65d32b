// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { adviceOnKvm, lackOf, providerOf } from './kvm-advice.ts';

it.each([
  [{ present: true, mayOpen: true }, '', 'broken'],
  [{ present: true, mayOpen: false }, '', 'no-access'],
  [{ present: false, mayOpen: false }, 'flags\t\t: fpu vmx sse\n', 'no-device'],
  [{ present: false, mayOpen: false }, 'flags\t\t: fpu svm\n', 'no-device'],
  [{ present: false, mayOpen: false }, 'flags\t\t: fpu\nvmx flags : vnmi\n', 'no-virtualization'],
] as const)('finds why KVM does not work: %j with %j', (device, cpuinfo, lack) => {
  expect(lackOf(device, cpuinfo)).toBe(lack);
});

it('knows the provider, and what its users can do', () => {
  expect(providerOf({ GITHUB_ACTIONS: 'true' })).toBe('github');
  expect(providerOf({ GITLAB_CI: 'true' })).toBe('gitlab');
  expect(providerOf({})).toBe('other');
  expect(adviceOnKvm('no-access', 'github')).toContain('99-kvm4all.rules');
  expect(adviceOnKvm('no-access', 'other')).toContain('usermod -aG kvm');
  expect(adviceOnKvm('no-device', 'github')).toContain('modprobe');
});
