// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { EFI_BOOT_SERVICES_DATA } from '../../memory/efi-memory-map.ts';
import { physRange } from '../../memory/phys-range.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../../model/model-inputs.ts';
import type { Owner } from '../../model/owners.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import { type BundleSpec, buildEvidence, overran } from '../testing/bundle-builder.ts';
import { checkUntouched } from './check-untouched.ts';
import { filledCell } from '../testing/filled-cell-builder.ts';
import type { CellCase } from './finding.ts';
import { itFinds } from '../testing/invariant-cases.ts';
import { lowMemoryBytes } from '../testing/low-memory-builder.ts';
import { observe } from '../observe/observation.ts';

describe('a promise about the bytes of locked memory', () => {
  itFinds([
    {
      id: 'lowmem.untouched',
      when: 'only the trampoline was written, and pages that were not filled',
      bundle: filledCell([1, 0x10, 0x97, 0x98], {
        files: { 'jump/low1m.bin': lowMemoryBytes({ written: [2, 0x98] }) },
      }),
      outcome: 'kept',
      why: 'None of 3 locked pages is written',
      evidence: 'jump/low1m.bin',
    },
    {
      id: 'lowmem.untouched',
      when: 'the page was never wholly reserved, so that early data may have been in it',
      bundle: filledCell([0x9c, 0x9d], {
        spec: { policy: 'lock-on-crashkernel', crashkernel: '256M' },
        files: {
          'system/page0.bin': page0WithEbdaAt(0x9d800),
          'jump/low1m.bin': lowMemoryBytes({ written: [0x9d] }),
        },
      }),
      outcome: 'not-asked',
      why: 'No page that was filled is locked',
    },
    {
      id: 'lowmem.untouched',
      when: 'locked pages were written',
      bundle: filledCell([0x11, 0x10, 1], {
        files: { 'jump/low1m.bin': lowMemoryBytes({ written: [1, 0x10, 0x11] }) },
      }),
      outcome: 'broken',
      why: '1 page: bios predicted, but written; 2 pages: reserved predicted, but written',
      pages: ['0x1', '0x10-0x11'],
      evidence: 'jump/low1m.bin',
    },
    {
      id: 'lowmem.untouched',
      when: 'the lock of crashkernel was written to',
      bundle: filledCell([0x10], {
        spec: { policy: 'lock-on-crashkernel', crashkernel: '256M' },
        files: { 'jump/low1m.bin': lowMemoryBytes({ written: [0x10] }) },
      }),
      outcome: 'broken',
      why: '1 page: lock predicted, but written',
      pages: ['0x10'],
    },
    {
      id: 'lowmem.untouched',
      when: 'the firmware has its own layout',
      bundle: {},
      outcome: 'not-asked',
      why: 'No page was filled before the kernel came',
    },
    {
      id: 'lowmem.untouched',
      when: 'no page is locked but page 0',
      bundle: filledCell([0, 0x10], {
        spec: { policy: 'lock-on-crashkernel' },
        files: { 'jump/low1m.bin': lowMemoryBytes({ written: [0, 0x10] }) },
      }),
      outcome: 'not-asked',
      why: 'No page that was filled is locked',
    },
    {
      id: 'lowmem.untouched',
      when: "the driver's report is garbage",
      bundle: filledCell([], { files: { 'personality.log': 'x' } }),
      outcome: 'unseen',
      why: 'personality.log: Cannot read personality.log: expected "sub1m-personality 1" in line 1',
    },
    {
      id: 'lowmem.untouched',
      when: 'the kernel cannot be predicted',
      bundle: filledCell([0x10], { files: { 'system/kallsyms': null } }),
      outcome: 'unseen',
      why: 'The cell left no system/kallsyms',
    },
    {
      id: 'lowmem.untouched',
      when: 'the low 1 MiB was not saved',
      bundle: filledCell([0x10], { files: { 'jump/low1m.bin': null } }),
      outcome: 'unseen',
      why: 'The cell left no jump/low1m.bin',
    },
    {
      id: 'lowmem.untouched',
      when: 'the low 1 MiB is cut',
      bundle: filledCell([0x10], { files: { 'jump/low1m.bin': 'cut\n' } }),
      outcome: 'unseen',
      why: 'jump/low1m.bin: Cannot read the low 1 MiB: expected 1048576 bytes, found 4',
    },
    {
      id: 'lowmem.untouched',
      when: 'the machine got stuck, and was saved after that',
      bundle: filledCell([0x10], {
        outcome: overran('off', 60_000),
        files: { 'jump/low1m.bin': lowMemoryBytes({ written: [0x10] }) },
      }),
      outcome: 'unseen',
      why: 'jump/low1m.bin is of a machine that got stuck',
    },
  ]);

  const KEPT = 'None of 1 locked page is written';
  const NOT_ASKED = 'No page that was filled is locked';

  it.each<{ owner: Owner; why: string }>([
    { owner: 'lock', why: KEPT },
    { owner: 'reserved', why: KEPT },
    { owner: 'bios', why: KEPT },
    { owner: 'boot-services', why: KEPT },
    { owner: 'pool', why: KEPT },
    { owner: 'free', why: NOT_ASKED },
    { owner: 'trampoline', why: NOT_ASKED },
    { owner: 'kernel', why: NOT_ASKED },
    { owner: 'firmware', why: NOT_ASKED },
  ])('says of a page of $owner: $why', ({ owner, why }) => {
    const prediction = predict(copyingMachine(), 'reserve-1m');
    const pages = prediction.pages.map(() => ({ owner, history: [] }));
    const cell = cellWith(filledCell([0x10]), { ...prediction, pages });
    expect(checkUntouched(cell)).toMatchObject({ why });
  });

  it('does not ask of pages that early data of the kernel has been in', () => {
    const prediction = predict(copyingMachine(), 'reserve-1m');
    expect(prediction.pages[0x9c]?.owner).toBe('reserved');
    const files = { 'jump/low1m.bin': lowMemoryBytes({ written: [0x9c] }) };
    const cell = cellWith(filledCell([0x10, 0x9c], { files }), prediction);
    expect(checkUntouched(cell)).toMatchObject({ outcome: 'kept', why: KEPT });
  });
});

function cellWith(bundle: BundleSpec, prediction: Prediction): CellCase {
  const built = buildEvidence(bundle);
  const observation = observe(built, undefined);
  return {
    record: built.cell,
    cmdline: '',
    observation,
    prediction: { value: prediction },
    failure: null,
  };
}

/** Page 0 with the word that tells where the extended BIOS data area is. */
function page0WithEbdaAt(address: number): Uint8Array {
  const page = Buffer.alloc(4096);
  page.writeUInt16LE(address / 16, 0x40e);
  return page;
}

/** A machine with two tables for each of which the kernel copies its map of 400 entries: five pages, freed again. */
function copyingMachine(): ModelInputs {
  const low = physRange(0, 0xa_0000);
  const islands = Array.from({ length: 399 }, (_, index) => {
    const start = 0x1000_0000 + index * 0x2000;
    return {
      type: EFI_BOOT_SERVICES_DATA,
      range: physRange(start, start + 0x1000),
      attribute: 0xfn,
    };
  });
  return {
    ...PLAIN_MACHINE,
    e820: [{ range: low, ram: true }],
    efiMap: [{ type: 7, range: low, attribute: 0xfn }, ...islands],
    keptTables: {
      esrt: physRange(0x1000_0000, 0x1000_0100),
      mokvar: physRange(0x1000_2000, 0x1000_2100),
      bgrt: null,
    },
  };
}
