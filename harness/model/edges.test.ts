// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type EfiDescriptor, EFI_MEMORY_MORE_RELIABLE } from '../memory/efi-memory-map.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import type { PolicyId } from '../policy-id.ts';
import { detailsOfRelease } from './kernel-details.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';
import {
  LOW_EBDA,
  STOCK,
  STOCK_5_10,
  bootData,
  descriptor,
  pagesOf,
  ram,
} from './testing/machine-builder.ts';

const HIGH = 0x2000_0000;
const KERNEL = { ...physRange(0x100_0000, 0x300_0000), kern: false };

/** So many pages of boot services, no two of them neighbours. */
function islands(count: number): EfiDescriptor[] {
  return Array.from({ length: count }, (_, index) => {
    const start = HIGH + index * 0x4000;
    return bootData(start, start + 0x1000);
  });
}

/** As `near-128` has it below 1 MiB: so many single pages from 0x14000 on. */
const low = (count: number): EfiDescriptor[] =>
  Array.from({ length: count }, (_, index) =>
    bootData(0x14000 + index * 0x4000, 0x15000 + index * 0x4000),
  );

/** So many RAM ranges above 1 MiB. */
const pieces = (count: number): ModelInputs['e820'] =>
  Array.from({ length: count }, (_, index) =>
    ram(HIGH + index * 0x4000, HIGH + index * 0x4000 + 0x1000),
  );

interface Edge {
  readonly id: string;
  readonly policy: PolicyId;
  readonly inputs: ModelInputs;
  readonly pages: object;
}

// What the kernel does there was seen with its own memblock.c in user space ("M1" and so on), or read.
it.each<Edge>([
  {
    id: 'M1: the last entries are taken when the first 1 MiB is reserved',
    policy: 'reserve-1m',
    inputs: { ...STOCK, reservedAbove1M: [KERNEL], efiMap: islands(125) },
    pages: { trampoline: '0x98-0x9e', free: '0x96-0x97' },
  },
  {
    id: 'M1: so, too, with boot services below 1 MiB, each of which leaves a gap to fill',
    policy: 'reserve-1m',
    inputs: { ...STOCK, reservedAbove1M: [KERNEL], efiMap: [...low(18), ...islands(100)] },
    pages: { trampoline: '0x98-0x9e', free: '0x96-0x97' },
  },
  {
    id: 'M1: one entry more, and the list moves before the trampoline',
    policy: 'reserve-1m',
    inputs: { ...STOCK, reservedAbove1M: [KERNEL], efiMap: islands(126) },
    pages: { trampoline: '0x96-0x9c', free: '0x9d-0x9e' },
  },
  {
    id: 'M2: 129 RAM ranges',
    policy: 'reserve-1m',
    inputs: { ...STOCK, e820: [ram(0, 0xa0000), ...pieces(128)] },
    pages: { trampoline: '0x96-0x9c', free: '0x9d-0x9e' },
  },
  {
    id: 'M2: 128 RAM ranges',
    policy: 'reserve-1m',
    inputs: { ...STOCK, e820: [ram(0, 0xa0000), ...pieces(127)] },
    pages: { trampoline: '0x98-0x9e', reserved: '0x10-0x97' },
  },
  {
    id: 'M2: before v5.13 the list takes what is the BIOS data area in a moment',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, e820: [ram(0, 0xa0000), ...pieces(128)], cmdline: 'crashkernel=1M' },
    pages: { trampoline: '0x98-0x9d', free: '0x9e-0x9f' },
  },
  {
    id: 'M5: movable_node, and a copy of a map of 126 entries',
    policy: 'reserve-1m',
    inputs: withEsrt({ ...STOCK, cmdline: 'movable_node' }),
    pages: { kernel: '0x10-0x11', trampoline: '0x12-0x18' },
  },
  {
    id: 'M5: the same on 5.10',
    policy: 'lock-on-crashkernel',
    inputs: withEsrt({ ...STOCK_5_10, cmdline: 'movable_node' }),
    pages: { kernel: '0x1-0x2', trampoline: '0x3-0x8' },
  },
  {
    id: 'M6: efi= twice adds up',
    policy: 'lock-on-crashkernel',
    inputs: {
      ...STOCK_5_10,
      cmdline: 'efi=debug efi=nochunk',
      efiMap: [bootData(0x50000, 0x60000)],
    },
    pages: { 'boot-services': '0x50-0x5f' },
  },
  {
    id: 'M7: a kernel without runtime services has boot services like any RAM',
    policy: 'reserve-1m',
    inputs: { ...LOW_EBDA, disablesRuntime: true, efiMap: [bootData(0x10000, 0x2c000)] },
    pages: { trampoline: '0x25-0x2b' },
  },
  {
    id: 'M8: low_pool=keep',
    policy: 'two-phase',
    inputs: { ...STOCK, cmdline: 'low_pool=keep' },
    pages: { reserved: '0x10-0x97' },
  },
  ...(['tdxHost', 'kexecHandover'] as const).map((claimant): Edge => ({
    id: `M8: ${claimant}`,
    policy: 'two-phase',
    inputs: { ...STOCK, [claimant]: true },
    pages: { reserved: '0x10-0x97' },
  })),
  {
    id: 'M9: mem= leaves no room for the crashkernel',
    policy: 'two-phase',
    inputs: { ...STOCK, cmdline: 'mem=192M crashkernel=256M' },
    pages: { free: '0x10-0x97' },
  },
  {
    id: 'M10: the firmware marks boot services',
    policy: 'lock-on-crashkernel',
    inputs: {
      ...STOCK_5_10,
      efiMap: [{ ...bootData(0x50000, 0x60000), attribute: 0x8000_0000_0000_000fn }],
    },
    pages: { 'boot-services': '0x50-0x5f' },
  },
  {
    id: 'M13: mirrored memory on 5.10',
    policy: 'lock-on-crashkernel',
    inputs: mirrored({ ...STOCK_5_10, cmdline: 'crashkernel=1M' }),
    pages: { trampoline: '0x4a-0x4f' },
  },
  {
    id: 'M13: from v6.0 only with kernelcore=mirror',
    policy: 'reserve-1m',
    inputs: mirrored({ ...STOCK, cmdline: '' }),
    pages: { trampoline: '0x98-0x9e' },
  },
  {
    id: 'M13: with it',
    policy: 'reserve-1m',
    inputs: mirrored({ ...STOCK, cmdline: 'kernelcore=mirror' }),
    pages: { trampoline: '0x49-0x4f' },
  },
  {
    id: 'M14: early code finds crashkernel= behind --',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, cmdline: 'quiet -- crashkernel=128M' },
    pages: { lock: '0x1-0x98' },
  },
  {
    id: 'M14: and only at the start of a word',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, cmdline: 'xcrashkernel=128M' },
    pages: { free: '0x10-0x98' },
  },
  {
    id: 'M14: who reserves it finds it anywhere',
    policy: 'two-phase',
    inputs: { ...STOCK, cmdline: 'xcrashkernel=128M' },
    pages: { lock: '0x10-0x97' },
  },
  {
    id: 'M14: 5.4.69 to 5.6 free boot services in spite of efi=debug',
    policy: 'lock-on-crashkernel',
    inputs: {
      ...STOCK_5_10,
      kernel: detailsOfRelease('5.4.214'),
      cmdline: 'efi=debug crashkernel=128M',
      efiMap: [bootData(0x50000, 0x60000)],
    },
    pages: { free: '0x50-0x5f' },
  },
  {
    id: 'M14: 5.15 frees the copy of the map when it maps it late',
    policy: 'reserve-1m',
    inputs: { ...withEsrt(STOCK), kernel: detailsOfRelease('5.15.100') },
    pages: { free: '0x9e' },
  },
  {
    id: 'M14: up to 5.5 no copy is freed',
    policy: 'backup-region',
    inputs: withEsrt(STOCK, physRange(0x3010_0000, 0x3010_1000)),
    pages: { kernel: '0x9d-0x9e' },
  },
])('knows of $id', ({ policy, inputs, pages }) => {
  const prediction = predict(inputs, policy);
  expect(prediction.doubt).toBeNull();
  expect(pagesOf(prediction)).toMatchObject(pages);
});

/** A map of 126 entries with an ESRT in boot services data, so that a copy of 128 entries is made. */
function withEsrt(
  machine: ModelInputs,
  bgrt: ModelInputs['keptTables']['bgrt'] = null,
): ModelInputs {
  const fillers = Array.from({ length: 124 }, (_, index) =>
    descriptor(7, HIGH + index * 0x4000, HIGH + index * 0x4000 + 0x1000),
  );
  const holders = [bootData(0x3000_0000, 0x3001_0000), bootData(0x3010_0000, 0x3011_0000)];
  const esrt = physRange(0x3000_4010, 0x3000_4100);
  return { ...machine, efiMap: [...fillers, ...holders], keptTables: { esrt, mokvar: null, bgrt } };
}

function mirrored(machine: ModelInputs): ModelInputs {
  const reliable = {
    ...descriptor(7, 0x10000, 0x50000),
    attribute: 0xfn | EFI_MEMORY_MORE_RELIABLE,
  };
  return { ...machine, efiMap: [reliable] };
}

describe('efi=', () => {
  const boot = { ...LOW_EBDA, efiMap: [bootData(0x10000, 0x2c000)] };
  const isPlainRam = (cmdline: string, disablesRuntime = false): boolean =>
    predict({ ...boot, cmdline, disablesRuntime }, 'reserve-1m').trampoline?.start === 0x25000;

  it('noruntime and runtime count in their order, and runtime last in one', () => {
    expect(isPlainRam('efi=noruntime')).toBe(true);
    expect(isPlainRam('efi=noruntime efi=debug')).toBe(true);
    expect(isPlainRam('efi=runtime,noruntime')).toBe(false);
    expect(isPlainRam('efi=noruntime,runtime')).toBe(false);
    expect(isPlainRam('efi=runtime efi=noruntime')).toBe(true);
    expect(isPlainRam('noefi efi=runtime')).toBe(false);
    expect(isPlainRam('quiet', true)).toBe(true);
    expect(isPlainRam('efi=runtime', true)).toBe(false);
    const old = { ...boot, cmdline: 'efi=noruntime efi=runtime', kernel: detailsOfRelease('5.14') };
    expect(predict(old, 'reserve-1m').trampoline?.start).toBe(0x25000);
  });
});

describe('neighbours that do not follow each other in the map (M11)', () => {
  const [first, second] = [bootData(0x10000, 0x14000), bootData(0x14000, 0x18000)];
  const other = descriptor(7, 0x20_0000, 0x30_0000);
  const machine = { ...LOW_EBDA, e820: [ram(0, 0x18000), ram(SZ_1M, 0x4000_0000)] };

  it('do not add up to a place for the trampoline', () => {
    const apart = predict({ ...machine, efiMap: [first, other, second] }, 'reserve-1m');
    expect(apart.panic).toMatchObject({ step: 'init_real_mode' });
    const together = predict({ ...machine, efiMap: [other, first, second] }, 'reserve-1m');
    expect(together.trampoline).toEqual(physRange(0x10000, 0x17000));
  });
});

describe('the boot logo (M12)', () => {
  it.each(['acpi=off', 'bgrt_disable', 'acpi=force acpi=off'])('is not kept with %s', (cmdline) => {
    const machine = withEsrt({ ...STOCK, cmdline }, physRange(0x3010_0000, 0x3010_1000));
    expect(pagesOf(predict(machine, 'reserve-1m')).free).toBeUndefined();
    expect(
      pagesOf(predict({ ...machine, cmdline: 'acpi=off acpi=force' }, 'reserve-1m')).free,
    ).toBe('0x9e');
  });
});

describe('the check for corruption (M14)', () => {
  it('of 640 KiB leaves no room for the trampoline', () => {
    const machine = { ...STOCK, corruptionCheckSize: 0xa0000 };
    expect(predict(machine, 'reserve-1m').panic).toMatchObject({ step: 'init_real_mode' });
    expect(predict({ ...STOCK, corruptionCheckSize: 0x10000 }, 'reserve-1m').panic).toBeNull();
  });
});
