// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../memory/phys-range.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';
import { STOCK, bootData, descriptor, pagesOf, ram } from './testing/machine-builder.ts';

const islands = Array.from({ length: 130 }, (_, nr) => {
  const start = 0x2000_0000 + nr * 0x4000;
  return bootData(start, start + 0x1000);
});
/** So many entries that a copy of the map is larger than a page. */
const fillers = Array.from({ length: 128 }, (_, nr) =>
  descriptor(7, 0x1000_0000 + nr * 0x4000, 0x1000_1000 + nr * 0x4000),
);
const holders = [bootData(0x3000_0000, 0x3001_0000), bootData(0x3100_0000, 0x3101_0000)];
const keptTables = {
  esrt: physRange(0x3000_4010, 0x3000_4100),
  mokvar: null,
  bgrt: physRange(0x3100_4000, 0x3100_8000),
};

/** Machines on which plain kernels leak, or die. */
const HOLES: Readonly<Record<string, Partial<ModelInputs>>> = {
  "memblock's list": { cmdline: 'crashkernel=128M', efiMap: islands },
  'a copy of the EFI map': {
    cmdline: 'crashkernel=128M',
    efiMap: [...fillers, ...holders],
    keptTables,
  },
  'efi=debug': { cmdline: 'efi=debug', efiMap: [bootData(0x10000, 0x9f000)] },
  'boot services in pieces': {
    e820: [ram(0, 0x18000)],
    efiMap: [bootData(0x10000, 0x14000), { ...bootData(0x14000, 0x18000), type: 3 }],
  },
};

describe.each(Object.entries(HOLES))('with %s', (_, changes) => {
  const inputs = { ...STOCK, ...changes };
  const holes = (policy: 'reserve-1m' | 'reserve-1m-whole'): unknown => {
    const prediction = predict(inputs, policy);
    return { panic: prediction.panic !== null, free: pagesOf(prediction).free };
  };

  it('reserve-1m has a hole, and reserve-1m-whole has none', () => {
    expect(holes('reserve-1m')).not.toEqual({ panic: false, free: undefined });
    expect(holes('reserve-1m-whole')).toEqual({ panic: false, free: undefined });
  });
});

it('places the trampoline at the start of the first run from the top that it fits in', () => {
  const inputs = { ...STOCK, ...HOLES['boot services in pieces'] };
  expect(pagesOf(predict(inputs, 'reserve-1m-whole')).trampoline).toBe('0x10-0x16');
});
