// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../memory/phys-range.ts';
import type { PolicyId } from '../policy-id.ts';
import { PLAIN_MACHINE } from './model-inputs.ts';
import { predict } from './prediction.ts';
import { modelPromise } from './promises.ts';
import { prove } from './prove.ts';
import { wholeProof } from './testing/whole-proof.ts';
import { CUTS, smallMachines } from './small-machines.ts';
import { STOCK, bootData, descriptor, pagesOf, ram } from './testing/machine-builder.ts';

describe('the small machines', () => {
  const count = (list: Iterable<unknown>): number => Array.from(list).length;

  it('are all of up to 4 ranges between 10 points, each of 4 types, with 2 EBDAs and 2 command lines', () => {
    const choose = [1, 8, 28, 56];
    const layouts = choose.reduce((sum, cuts, others) => sum + cuts * 4 ** (others + 1), 0);
    expect(CUTS).toHaveLength(10);
    expect(count(smallMachines())).toBe(layouts * 4);
  });

  it('come with the fewest ranges first, each without a gap', () => {
    let ranges = 0;
    for (const { efiMap } of smallMachines()) {
      const low = (efiMap ?? []).slice(0, -1);
      expect(low.length).toBeGreaterThanOrEqual(ranges);
      ranges = low.length;
      expect(low.map(({ range }) => range.start)).toEqual([
        0,
        ...low.slice(0, -1).map(({ range }) => range.end),
      ]);
    }
  });
});

describe('a proof', () => {
  it('has the smallest layout on which 5.10 frees what it locks', () => {
    const [proof] = wholeProof(prove(['lowmem.locked'], 'lock-on-crashkernel', smallMachines()));
    expect(proof?.counterexample).toMatchObject({
      machine: {
        efiMap: [
          { type: 7, range: physRange(0, 0x1000) },
          { type: 4, range: physRange(0x1000, 0x10000) },
          { type: 7, range: physRange(0x10000, 0xa0000) },
          {},
        ],
        cmdline: 'crashkernel=192M',
      },
      breach: { pages: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
    });
  });

  it('counts the machines on which a promise is made, and says how far it is', () => {
    const machines = Array.from({ length: 1000 }, (_, index) => ({
      ...STOCK,
      cmdline: index % 2 === 0 ? 'crashkernel=1M' : '',
    }));
    const proof = prove(['lowmem.locked', 'lowmem.released'], 'reserve-1m', machines);
    expect(proof.next()).toEqual({ value: 500, done: false });
    expect(wholeProof(proof)).toEqual([
      { promise: 'lowmem.locked', policy: 'reserve-1m', asked: 500, counterexample: null },
      { promise: 'lowmem.released', policy: 'reserve-1m', asked: 0, counterexample: null },
    ]);
  });
});

// Predictions that no policy makes: what is looked for must be found.
describe('a promise is broken', () => {
  const free = predict(STOCK, 'two-phase');
  const locked = predict({ ...STOCK, cmdline: 'crashkernel=1M' }, 'two-phase');
  const owned = (page: number, owner: 'free' | 'pool', base = free): typeof free => ({
    ...base,
    pages: base.pages.with(page, { owner, history: [] }),
  });

  it.each([
    { id: 'boot.userspace', prediction: { ...free, panic: { step: 'x', line: 'y' } }, pages: [] },
    { id: 'lowmem.single-owner', prediction: owned(0x98, 'free'), pages: [0x98] },
    { id: 'lowmem.firmware-kept', prediction: owned(0xa5, 'free'), pages: [0xa5] },
    { id: 'lowmem.page0-kept', prediction: owned(0, 'free'), pages: [0] },
    {
      id: 'lowmem.trampoline',
      prediction: { ...free, trampoline: physRange(0x9f000, 0xa1000) },
      pages: [0xa0],
    },
    { id: 'lowmem.trampoline', prediction: { ...free, trampoline: null }, pages: [] },
    { id: 'lowmem.locked', prediction: owned(0x20, 'free', locked), pages: [0x20] },
    { id: 'lowmem.released', prediction: owned(0x20, 'pool'), pages: [0x20] },
  ] as const)('$id', ({ id, prediction, pages }) => {
    const { findBreach } = modelPromise(id);
    expect(findBreach(id === 'lowmem.locked' ? locked : free, STOCK)).toBeNull();
    expect(findBreach(prediction, STOCK)?.pages).toEqual(pages);
  });

  it('boot.userspace is asked where the trampoline has a place', () => {
    const { isAsked } = modelPromise('boot.userspace');
    const room = (pages: number): boolean => {
      const end = 0x10000 + pages * 0x1000;
      return isAsked({ ...PLAIN_MACHINE, efiMap: null, e820: [ram(0, end)] }, 'two-phase');
    };
    expect([room(6), room(7)]).toEqual([false, true]);
  });
});

it.each<{ policy: PolicyId; boots: boolean }>([
  { policy: 'reserve-1m', boots: false },
  { policy: 'two-phase', boots: true },
])(
  'fragmented boot services are a place for the trampoline under $policy: $boots',
  ({ policy, boots }) => {
    const efiMap = [
      descriptor(7, 0, 0x10000),
      bootData(0x10000, 0x14000),
      descriptor(3, 0x14000, 0x18000),
    ];
    const e820 = efiMap.map(({ range }) => ram(range.start, range.end));
    const machine = { ...STOCK, reservedAbove1M: [], e820, efiMap };
    const prediction = predict(machine, policy);
    expect(modelPromise('boot.userspace').isAsked(machine, policy)).toBe(true);
    expect(modelPromise('boot.userspace').findBreach(prediction, machine) === null).toBe(boots);
    expect(pagesOf(prediction)).not.toHaveProperty('undecided');
  },
);
