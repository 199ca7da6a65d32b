// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { itFinds } from './invariant-cases.ts';
import { ended, overran } from './bundle-builder.ts';

describe('a promise about booting', () => {
  itFinds([
    {
      id: 'boot.userspace',
      when: 'the agent spoke',
      bundle: { outcome: overran('observe', 0) },
      outcome: 'kept',
      why: 'The agent spoke',
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked at boot',
      bundle: { outcome: ended('boot') },
      outcome: 'broken',
      why: 'The machine ended in phase boot (guest-reset): [    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'boot.userspace',
      when: 'the firmware was slow',
      bundle: { outcome: overran('firmware', 60_000), files: { 'console.log': 'UEFI' } },
      outcome: 'unseen',
      why: 'Phase firmware was not over after 60 s, the console was silent for the last 60 s',
    },
    {
      id: 'boot.all-cpus',
      when: 'they are online',
      bundle: {},
      outcome: 'kept',
      why: '2 of 2 CPUs are online',
    },
    {
      id: 'boot.all-cpus',
      when: 'one is not',
      bundle: { files: { 'system/cpus': '0\n' } },
      outcome: 'broken',
      why: '1 of 2 CPUs are online',
    },
    {
      id: 'boot.all-cpus',
      when: 'the list is cut',
      bundle: { files: { 'system/cpus': '0-' } },
      outcome: 'unseen',
      why: 'system/cpus: Cannot read a list of CPUs: 0-3,5 or the like wanted, "0-" found',
    },
    {
      id: 'panic.reboots',
      when: 'the machine was reset',
      bundle: {},
      outcome: 'kept',
      why: 'The panic ended in a reset',
    },
    {
      id: 'panic.reboots',
      when: 'it was switched off',
      bundle: { outcome: { kind: 'completed', cause: 'guest-shutdown' } },
      outcome: 'broken',
      why: 'The panic ended in guest-shutdown',
    },
    {
      id: 'panic.reboots',
      when: 'it hung',
      bundle: { outcome: overran('trigger', 59_000) },
      outcome: 'broken',
      why: 'Phase trigger was not over after 60 s, the console was silent for the last 59 s: [    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'panic.reboots',
      when: 'the cell did not get there',
      bundle: { outcome: overran('observe', 0) },
      outcome: 'unseen',
      why: 'Phase observe was not over after 60 s, the console was silent for the last 0 s',
    },
  ]);
});
