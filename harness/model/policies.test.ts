// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../memory/phys-range.ts';
import { STOCK_5_10, bootData, pagesOf, ram } from './testing/machine-builder.ts';
import { PLAIN_MACHINE } from './model-inputs.ts';
import type { PolicyId } from '../policy-id.ts';
import { POLICIES } from './policies.ts';
import { predict } from './prediction.ts';
import { e820MemblockSetup } from './setup.ts';

// `predict()` runs what comes before it once, whatever is reserved besides.
it.each(Object.entries(POLICIES))('%s has RAM from e820__memblock_setup() on', (_, { steps }) => {
  expect(steps.early).toContain(e820MemblockSetup);
});

const OLD: readonly PolicyId[] = ['backup-region', 'lock-on-crashkernel', 'keep-on-crashkernel'];
const BOOT = { ...STOCK_5_10, efiMap: [bootData(0x20000, 0x30000)] };
const IN_BOOT_SERVICES = physRange(0x24000, 0x24100);
const NO_TABLES = PLAIN_MACHINE.keptTables;

describe.each(OLD)('a kernel up to v5.12: %s', (policy) => {
  it('keeps boot services until they are over, then frees them', () => {
    const prediction = predict(BOOT, policy);
    expect(prediction.moments['hand-over'][0x20]).toBe('boot-services');
    expect(pagesOf(prediction)).toEqual({
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      trampoline: '0x99-0x9e',
      free: '0x10-0x98',
      firmware: '0xa0-0xff',
    });
  });

  it('keeps an ESRT, and the page of a BGRT image', () => {
    const esrt = { ...BOOT, keptTables: { ...NO_TABLES, esrt: IN_BOOT_SERVICES } };
    expect(pagesOf(predict(esrt, policy)).kernel).toMatch(/^0x24,/);
    const bgrt = { ...BOOT, keptTables: { ...NO_TABLES, bgrt: IN_BOOT_SERVICES } };
    expect(pagesOf(predict(bgrt, policy))['boot-services']).toBe('0x24');
  });

  it('reserves the rest for Sandy Bridge graphics', () => {
    const pages = pagesOf(predict({ ...STOCK_5_10, sandyBridgeGraphics: true }, policy));
    expect(pages.reserved).toBe('0x1-0x98');
  });

  it('locks low memory with crashkernel=, but for the first of them', () => {
    const pages = pagesOf(predict({ ...STOCK_5_10, cmdline: 'crashkernel=1M' }, policy));
    expect(pages.lock).toBe(policy === 'backup-region' ? undefined : '0x1-0x98');
  });

  it('panics without room for the trampoline', () => {
    const { panic } = predict({ ...STOCK_5_10, e820: [ram(0, 0x5000)] }, policy);
    expect(panic?.step).toBe('init_real_mode');
  });

  it('gives the list of reserved ranges back that it had to put into low memory', () => {
    const pages = Array.from({ length: 140 }, (_, index) => 0x2000_0000 + index * 0x4000);
    const efiMap = pages.map((page) => bootData(page, page + 0x1000));
    const { moments } = predict({ ...STOCK_5_10, efiMap }, policy);
    expect(moments.claimed[0x9d]).toBe('kernel');
    expect(moments['kexec-jump'][0x9d]).toBe('free');
  });
});

describe('two-phase', () => {
  it('keeps the page of a BGRT image', () => {
    const bgrt = { ...BOOT, keptTables: { ...NO_TABLES, bgrt: IN_BOOT_SERVICES } };
    expect(pagesOf(predict(bgrt, 'two-phase'))['boot-services']).toBe('0x24');
  });
});

describe('a MOK table in boot services', () => {
  it.each<PolicyId>(['lock-on-crashkernel', 'keep-on-crashkernel', 'reserve-1m', 'two-phase'])(
    'is kept: %s',
    (policy) => {
      const mokvar = { ...BOOT, keptTables: { ...NO_TABLES, mokvar: IN_BOOT_SERVICES } };
      expect(pagesOf(predict(mokvar, policy)).kernel).toMatch(/^0x24,/);
    },
  );
});
