// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { EFI_BOOT_SERVICES_CODE } from '../memory/efi-memory-map.ts';
import { renderRange } from '../memory/phys-range.ts';
import {
  LOW_EBDA,
  STOCK,
  STOCK_5_10,
  THREAD_2021,
  bootData,
  descriptor,
  pagesOf,
  ram,
} from './testing/machine-builder.ts';
import type { PolicyId } from '../policy-id.ts';
import { predict } from './prediction.ts';
import type { ModelInputs } from './model-inputs.ts';

// Each was seen on a real kernel under its id; Debian's 5.10.262 and 6.12.117 if not said otherwise.
it.each<{ id: string; policy: PolicyId; inputs: ModelInputs; pages: object }>([
  {
    id: 't1: 6.12',
    policy: 'reserve-1m',
    inputs: STOCK,
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x97',
      trampoline: '0x98-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't8: 6.12, EBDA at 0x2c000, efi=noruntime',
    policy: 'reserve-1m',
    inputs: { ...STOCK, biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0 } },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x2c-0x9f',
      reserved: '0x10-0x24',
      trampoline: '0x25-0x2b',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't13: 6.12, movable_node',
    policy: 'reserve-1m',
    inputs: { ...STOCK, cmdline: 'movable_node' },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      trampoline: '0x10-0x16',
      reserved: '0x17-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'a1: 5.10',
    policy: 'lock-on-crashkernel',
    inputs: STOCK_5_10,
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      free: '0x10-0x98',
      trampoline: '0x99-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'a2 without boot services: 5.10 with crashkernel',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, cmdline: 'crashkernel=128M' },
    pages: {
      page0: '0x0',
      lock: '0x1-0x98',
      trampoline: '0x99-0x9e',
      bios: '0x9f',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b9: 5.10, movable_node',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, cmdline: 'movable-node' },
    pages: {
      page0: '0x0',
      trampoline: '0x1-0x6',
      bios: '0x7-0xf,0x9f',
      free: '0x10-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b10: 5.10, reservelow=640K',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, cmdline: 'reservelow=640K' },
    pages: {
      page0: '0x0',
      bios: '0x1-0x98,0x9f',
      trampoline: '0x99-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b3: 5.10, nothing free but the first 64 KiB',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, e820: [ram(0, 0x10000)] },
    pages: {
      page0: '0x0',
      bios: '0x1-0x9',
      trampoline: '0xa-0xf',
      firmware: '0x10-0xff',
    },
  },
  {
    id: 'a2: 5.10 with crashkernel, boot services as in the thread of 2021',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, efiMap: THREAD_2021, cmdline: 'crashkernel=128M' },
    pages: {
      page0: '0x0',
      lock: '0x1-0xf,0x14-0x62,0x8f-0x98',
      free: '0x10-0x13,0x63-0x8e',
      trampoline: '0x99-0x9e',
      bios: '0x9f',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'a3: the same without crashkernel',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, efiMap: THREAD_2021 },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      free: '0x10-0x98',
      trampoline: '0x99-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'd2: the same map with crashkernel on 7.2',
    policy: 'reserve-1m',
    inputs: { ...STOCK, efiMap: THREAD_2021, cmdline: 'crashkernel=128M' },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x97',
      trampoline: '0x98-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't2: boot services that touch the first 64 KiB are not reserved but tagged',
    policy: 'reserve-1m',
    inputs: { ...STOCK, efiMap: [bootData(0x8000, 0x28000)] },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x97',
      trampoline: '0x98-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't7: boot services code up to 0x9dfff, in one piece with page 0',
    policy: 'reserve-1m',
    inputs: { ...STOCK, efiMap: [descriptor(EFI_BOOT_SERVICES_CODE, 0, 0x9e000)] },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x97',
      trampoline: '0x98-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't3: no free page but boot services: the trampoline takes their start',
    policy: 'reserve-1m',
    inputs: { ...LOW_EBDA, efiMap: [bootData(0x10000, 0x28000)] },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x2c-0x9f',
      trampoline: '0x10-0x16',
      reserved: '0x17-0x2b',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't4: the same with efi=debug: no trampoline',
    policy: 'reserve-1m',
    inputs: {
      ...LOW_EBDA,
      efiMap: [bootData(0x10000, 0x2c000)],
      cmdline: 'efi=debug',
    },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x2c-0x9f',
      'boot-services': '0x10-0x2b',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't5: boot services in pieces too small for it: no trampoline',
    policy: 'reserve-1m',
    inputs: {
      ...LOW_EBDA,
      efiMap: [0x10, 0x16, 0x1c, 0x22].map((page, index) =>
        descriptor(3 + (index % 2), page << 12, (page + 6) << 12),
      ),
    },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x2c-0x9f',
      reserved: '0x10-0x2b',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 't8: the map of t3 with efi=noruntime: boot services are RAM like any other',
    policy: 'reserve-1m',
    inputs: {
      ...LOW_EBDA,
      efiMap: [bootData(0x10000, 0x2c000)],
      cmdline: 'efi=debug,noruntime',
    },
    pages: {
      page0: '0x0',
      bios: '0x1-0xf,0x2c-0x9f',
      reserved: '0x10-0x24',
      trampoline: '0x25-0x2b',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b4: 5.10, efi=debug: boot services stay',
    policy: 'lock-on-crashkernel',
    inputs: {
      ...STOCK_5_10,
      biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0 },
      efiMap: [bootData(0x10000, 0x28000)],
      cmdline: 'efi=debug',
    },
    pages: {
      page0: '0x0',
      bios: '0x1-0x9,0x2c-0x9f',
      'boot-services': '0x10-0x27',
      free: '0x28-0x2b',
      trampoline: '0xa-0xf',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b5: 5.10, boot services in the first 64 KiB are freed like any',
    policy: 'lock-on-crashkernel',
    inputs: { ...STOCK_5_10, efiMap: [bootData(0x8000, 0xc000)] },
    pages: {
      page0: '0x0',
      bios: '0x1-0x7,0xc-0xf,0x9f',
      free: '0x8-0xb,0x10-0x98',
      trampoline: '0x99-0x9e',
      firmware: '0xa0-0xff',
    },
  },
  {
    id: 'b7: 5.10 with crashkernel, no room for the trampoline, so no lock',
    policy: 'lock-on-crashkernel',
    inputs: {
      ...STOCK_5_10,
      e820: [ram(0, 0x5000), ram(0x20000, 0x25000)],
      cmdline: 'crashkernel=1',
    },
    pages: { page0: '0x0', bios: '0x1-0x4', free: '0x20-0x24', firmware: '0x5-0x1f,0x25-0xff' },
  },
  {
    id: 't9: 6.12, no low memory but page 0',
    policy: 'reserve-1m',
    inputs: { ...STOCK, e820: [ram(0, 0x1000)] },
    pages: { page0: '0x0', firmware: '0x1-0xff' },
  },
])('gives pages to whom a kernel gave them: $id', ({ policy, inputs, pages }) => {
  const prediction = predict(inputs, policy);
  expect(pagesOf(prediction)).toEqual(pages);
  const { trampoline } = prediction;
  const run = pagesOf(prediction).trampoline;
  expect(trampoline && renderRange(trampoline).replaceAll(/(000|fff)(?=-|$)/g, '')).toBe(
    run ?? null,
  );
});
