// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { STOCK, STOCK_5_10, ram, taken } from './testing/machine-builder.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { PolicyId } from '../policy-id.ts';
import { predict } from './prediction.ts';

const SANDY_BRIDGE = { ...STOCK_5_10, sandyBridgeGraphics: true };
const INITRD_LOW = { ...STOCK_5_10, earlyReservations: [physRange(0x30800, 0x30900)] };

/** Where every page of RAM begins. */
const FOUND = 'e820__memory_setup: free';
const OLD: PolicyId = 'lock-on-crashkernel';

describe('setup_arch()', () => {
  it.each<{ page: number; policy: PolicyId; inputs: ModelInputs; events: string[] }>([
    {
      page: 0,
      policy: OLD,
      inputs: STOCK_5_10,
      events: [FOUND, 'setup_arch: bios', 'trim_bios_range: page0'],
    },
    {
      page: 0x1,
      policy: OLD,
      inputs: STOCK_5_10,
      events: [FOUND, 'trim_low_memory_range: bios'],
    },
    {
      page: 0x30,
      policy: OLD,
      inputs: INITRD_LOW,
      events: [FOUND, 'setup_arch: kernel'],
    },
    {
      page: 0x30,
      policy: OLD,
      inputs: SANDY_BRIDGE,
      events: [FOUND, 'trim_snb_memory: reserved'],
    },
    {
      page: 0x9f,
      policy: OLD,
      inputs: STOCK_5_10,
      events: [FOUND, 'reserve_bios_regions: bios'],
    },
    {
      page: 0xa0,
      policy: OLD,
      inputs: { ...STOCK_5_10, e820: [ram(0, SZ_1M)] },
      events: [FOUND, 'trim_bios_range: firmware'],
    },
    {
      page: 0x1,
      policy: 'reserve-1m',
      inputs: STOCK,
      events: [FOUND, 'early_reserve_memory: bios'],
    },
  ])(
    'tells which of its functions took page $page: $policy',
    ({ page, policy, inputs, events }) => {
      const history = predict(inputs, policy).pages[page]?.history;
      expect(history?.map(({ step, owner }) => `${step}: ${owner}`)).toEqual(events);
    },
  );

  it('says that page 0 comes off the map, if it was on it', () => {
    const line = 'e820: update [mem 0x00000000-0x00000fff] usable ==> reserved';
    expect(predict(STOCK, 'reserve-1m').logLines).toEqual([line]);
    const without = { ...STOCK, e820: [taken(0, 0x1000), ram(0x1000, 0xa0000)] };
    expect(predict(without, 'reserve-1m').logLines).toEqual([]);
  });

  it('says that Sandy Bridge graphics need the first 1 MiB', () => {
    const { logLines } = predict(SANDY_BRIDGE, 'lock-on-crashkernel');
    expect(logLines).toContain('reserving inaccessible SNB gfx pages');
  });
});
