// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { efiEsrtInit, efiInit } from './efi-memmap.ts';
import { initialLowMemory } from './low-memory.ts';
import {
  STOCK,
  STOCK_5_10,
  bootData,
  descriptor,
  kernelOf,
  pagesOf,
  ram,
} from './testing/machine-builder.ts';
import { hasEfiOption, keepsEfiMap } from './model-inputs.ts';
import type { Owner } from './owners.ts';
import { predict } from './prediction.ts';

const kernel = kernelOf('lock-on-crashkernel');
const boot = { ...STOCK_5_10, kernel, efiMap: [bootData(0x20000, 0x30000)] };
const NONE = { esrt: null, mokvar: null, bgrt: null };

/** What the EFI map is after an ESRT was found there. */
function afterEsrt(esrt: PhysRange): unknown {
  const inputs = { ...boot, keptTables: { ...NONE, esrt } };
  const { memmapEntries, bootServices, memmapCopy } = efiEsrtInit(
    { ...efiInit(initialLowMemory(STOCK.e820), inputs), isLimited: true },
    inputs,
  );
  const entries = bootServices.map(({ range, tagged }) => ({ range, tagged }));
  return { memmapEntries, entries, copied: memmapCopy !== null };
}

describe('a table in boot services data', () => {
  it.each([
    {
      id: 'the middle',
      table: physRange(0x24010, 0x24100),
      entries: [
        { range: physRange(0x20000, 0x24000), tagged: false },
        { range: physRange(0x24000, 0x25000), tagged: true },
        { range: physRange(0x25000, 0x30000), tagged: false },
      ],
    },
    {
      id: 'the start',
      table: physRange(0x20000, 0x20100),
      entries: [
        { range: physRange(0x20000, 0x21000), tagged: true },
        { range: physRange(0x21000, 0x30000), tagged: false },
      ],
    },
    {
      id: 'the end',
      table: physRange(0x2f000, 0x30000),
      entries: [
        { range: physRange(0x20000, 0x2f000), tagged: false },
        { range: physRange(0x2f000, 0x30000), tagged: true },
      ],
    },
  ])('becomes an entry of its own, tagged: at $id', ({ table, entries }) => {
    expect(afterEsrt(table)).toEqual({ memmapEntries: entries.length, entries, copied: true });
  });

  it('is kept when boot services are over, and nothing else of them', () => {
    const bgrt = { ...boot, keptTables: { ...NONE, bgrt: physRange(0x24000, 0x24100) } };
    expect(pagesOf(predict(bgrt, 'lock-on-crashkernel'))).toMatchObject({
      'boot-services': '0x24',
      free: '0x10-0x23,0x25-0x98',
    });
    const esrt = { ...boot, keptTables: { ...NONE, esrt: physRange(0x24000, 0x24100) } };
    const prediction = predict(esrt, 'lock-on-crashkernel');
    expect(prediction.pages[0x24]?.history.at(-1)).toMatchObject({
      step: 'efi_mem_reserve',
      owner: 'kernel',
    });
    expect(prediction.moments.early[0x23]).toBe('boot-services');
  });

  it('is not reserved at all if a byte of it is already', () => {
    const esrt = physRange(0x20000, 0x22000);
    const inputs = { ...boot, keptTables: { ...NONE, esrt } };
    const owners = (early: readonly PhysRange[]): Owner[] =>
      predict({ ...inputs, earlyReservations: early }, 'lock-on-crashkernel')
        .pages.slice(0x20, 0x22)
        .map(({ owner }) => owner);
    expect(owners([])).toEqual(['kernel', 'kernel']);
    expect(owners([physRange(0x20000, 0x20010)])).toEqual(['kernel', 'free']);
  });

  it.each(['noefi', 'efi=noruntime'])('is not looked for with %s', (cmdline) => {
    const table = physRange(0x24000, 0x24100);
    const tables = { ...boot, keptTables: { esrt: table, mokvar: table, bgrt: table } };
    const predicted = predict({ ...tables, cmdline }, 'lock-on-crashkernel');
    expect(predicted).toEqual(predict({ ...boot, cmdline }, 'lock-on-crashkernel'));
  });

  it('is copied nowhere when there is no low memory', () => {
    const full = {
      ...boot,
      e820: [ram(0, 0x10000)],
      efiMap: [bootData(0x3000_0000, 0x3001_0000)],
      keptTables: { ...NONE, esrt: physRange(0x3000_4000, 0x3000_5000) },
    };
    expect(predict(full, 'reserve-1m').logLines).toContain(
      'efi: Could not allocate boot services memmap',
    );
  });
});

describe('the EFI map', () => {
  it('is not kept without EFI or runtime services', () => {
    expect(keepsEfiMap(boot)).toBe(true);
    expect(keepsEfiMap({ ...boot, efiMap: null })).toBe(false);
    expect(keepsEfiMap({ ...boot, cmdline: 'noefi' })).toBe(false);
    expect(keepsEfiMap({ ...boot, cmdline: 'efi=noruntime' })).toBe(false);
    expect(hasEfiOption({ ...boot, cmdline: 'efi' }, 'debug')).toBe(false);
  });

  it('has no boot services that are empty', () => {
    const inputs = { ...boot, efiMap: [descriptor(4, 0x20000, 0x20000), ...boot.efiMap] };
    expect(efiInit(initialLowMemory(STOCK.e820), inputs).bootServices).toHaveLength(1);
  });
});
