// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  type BundleSpec,
  buildEvidence,
  diedSaying,
  ended,
  overran,
} from './testing/bundle-builder.ts';
import { choosePolicy } from './choose-policy.ts';

const LOCK_LINE = '[ 0.0] kexec: Reserving the low 1M of memory for crashkernel\n';
const NO_ROOM = '[ 0.0] No sub-1M memory is available for the trampoline\n';
const LOG = '[ 0.0] Linux version 5.10\n';
const LOCKS = ['crash_reserve_low_1M', 'parse_reservelow', 'reserve_real_mode'];

describe('the policy that a kernel is held to', () => {
  it.each([
    {
      kernel: '5.10 with the two-phase series',
      symbols: ['low_pool_setup', 'reserve_real_mode', 'efi_unmap_boot_services'],
      id: 'two-phase',
      how: 'it has low_pool=',
    },
    {
      kernel: '6.12 with the first four patches of the two-phase series',
      symbols: ['low_pool_add', 'reserve_real_mode'],
      id: 'reserve-1m',
      how: 'it has neither crash_reserve_low_1M nor reservelow=',
    },
    {
      kernel: '5.10',
      symbols: LOCKS,
      id: 'lock-on-crashkernel',
      how: 'it has crash_reserve_low_1M',
    },
    {
      kernel: '5.10 with crashkernel',
      symbols: LOCKS,
      crashkernel: '1M',
      log: LOG + LOCK_LINE,
      id: 'lock-on-crashkernel',
      how: 'its log says "kexec: Reserving the low 1M of memory for crashkernel"',
    },
    {
      kernel: '5.10 with crashkernel and no room for the trampoline',
      symbols: LOCKS,
      crashkernel: '1M',
      log: LOG + NO_ROOM,
      id: 'lock-on-crashkernel',
      how: 'it has crash_reserve_low_1M',
    },
    {
      kernel: '5.10 with crashkernel and a log that lost its beginning',
      symbols: LOCKS,
      crashkernel: '1M',
      log: 'later\n',
      id: 'lock-on-crashkernel',
      how: 'it has crash_reserve_low_1M',
    },
    {
      kernel: '5.13 with crashkernel',
      symbols: LOCKS,
      crashkernel: '1M',
      id: 'reserve-1m',
      how: 'it has crash_reserve_low_1M, but its log does not say that this was called',
    },
    {
      kernel: '5.13',
      symbols: LOCKS,
      release: '5.13.19\n',
      id: 'reserve-1m',
      how: 'it has crash_reserve_low_1M, but by its version (5.13) does not call it',
    },
    {
      kernel: '5.4.60, which has no lock yet',
      symbols: ['parse_reservelow', 'reserve_real_mode'],
      id: 'backup-region',
      how: 'it has reservelow= but not crash_reserve_low_1M',
    },
    {
      kernel: '6.12.80',
      symbols: ['efi_unmap_boot_services', 'reserve_real_mode'],
      id: 'reserve-1m-deferred',
      how: 'it has efi_unmap_boot_services, and neither crash_reserve_low_1M nor reservelow=',
    },
    {
      kernel: '6.12',
      symbols: ['reserve_real_mode'],
      id: 'reserve-1m',
      how: 'it has neither crash_reserve_low_1M nor reservelow=',
    },
    {
      kernel: '6.12, held to another',
      symbols: ['reserve_real_mode'],
      policy: 'lock-on-crashkernel' as const,
      id: 'lock-on-crashkernel',
      how: 'it was asked for',
    },
  ])('is $id for $kernel', ({ symbols, id, how, ...kernel }) => {
    const evidence = buildEvidence({
      spec: { crashkernel: kernel.crashkernel ?? null, policy: kernel.policy ?? 'auto' },
      files: {
        'system/kallsyms': symbols.map((name) => `ffffffff81000000 T ${name}\n`).join(''),
        'system/dmesg': kernel.log ?? LOG,
        'system/release': kernel.release ?? '5.10.0-46-amd64\n',
      },
    });
    expect(choosePolicy(evidence)).toEqual({ value: { id, how } });
  });

  it.each([
    {
      kernel: 'one without the symbols',
      kallsyms: 'ffffffff81000000 T _text\n',
      why: "Cannot tell the kernel's policy: it has none of the symbols that tell; name one with --policy",
    },
    {
      kernel: 'one without kallsyms',
      kallsyms: null,
      why: 'The cell left no system/kallsyms',
      shownBy: 'CONFIG_KALLSYMS',
    },
    {
      kernel: 'one whose kallsyms are empty',
      kallsyms: '',
      why: 'The cell left no system/kallsyms',
      shownBy: 'CONFIG_KALLSYMS',
    },
  ])('is not told for $kernel', ({ kernel: _kernel, kallsyms, ...why }) => {
    const evidence = buildEvidence({ files: { 'system/kallsyms': kallsyms } });
    expect(choosePolicy(evidence)).toEqual({ value: null, ...why });
  });

  const died = { files: diedSaying('Linux version 6.12\nX\n'), outcome: ended('boot') };

  it('is that of its version for a kernel that died', () => {
    const how = 'its version is 6.12.117; it died before it could be asked';
    const evidence = buildEvidence({ ...died, release: '6.12.117+deb13-cloud-amd64' });
    expect(choosePolicy(evidence)).toEqual({ value: { id: 'reserve-1m-deferred', how } });
  });

  it.each<{ kernel: string; bundle: BundleSpec }>([
    { kernel: 'that died and has no version', bundle: { ...died, release: 'custom' } },
    { kernel: 'that died and of which nothing is recorded', bundle: died },
    {
      kernel: 'that did not die, whatever its version',
      bundle: { ...died, release: '6.12.117', outcome: overran('observe', 0) },
    },
  ])('is not told for a kernel without kallsyms $kernel', ({ bundle }) => {
    const why = 'The cell left no system/kallsyms';
    expect(choosePolicy(buildEvidence(bundle))).toEqual({ value: null, why });
  });

  it('is not that of its version for a kernel that died and has kallsyms', () => {
    const files = { 'console.log': 'Linux version 6.12\nX\n' };
    const evidence = buildEvidence({ release: '5.10.0', outcome: ended('boot'), files });
    expect(choosePolicy(evidence).value?.id).toBe('reserve-1m');
  });
});
