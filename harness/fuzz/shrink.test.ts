// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type FuzzCase, isFair } from './fuzz-case.ts';
import { shrink } from './shrink.ts';

const LARGE: FuzzCase = {
  pieces: [
    { type: 'BootServicesCode', pages: 0x10 },
    { type: 'Conventional', pages: 4 },
    { type: 'BootServicesData', pages: 0x10 },
    { type: 'BootServicesData', pages: 0x10 },
    { type: null, pages: 4 },
    { type: 'Conventional', pages: 0x68 },
    { type: 'Reserved', pages: 0x60 },
  ],
  islands: [
    { type: 'BootServicesData', count: 97 },
    { type: 'Reserved', count: 9 },
  ],
  levers: ['esrt', 'bgrt'],
  bda: { ebdaSegment: 0x9fc0, baseMemoryKiB: 639 },
  crashkernel: '192M',
  append: ['memblock=debug', 'efi=debug', 'nokaslr'],
  cpus: 4,
  memoryMiB: 2048,
  ovmf: 'debian:2025.02',
  crash: 'kexec_load',
};

const PLAIN: FuzzCase = {
  pieces: [{ type: 'Conventional', pages: 0xa0 }],
  islands: [],
  levers: [],
  bda: null,
  crashkernel: null,
  append: [],
  cpus: 1,
  memoryMiB: 1024,
  ovmf: 'host',
  crash: null,
};

const hasIslands =
  (limit: number) =>
  ({ islands }: FuzzCase): boolean =>
    islands.some(({ type, count }) => type === 'BootServicesData' && count >= limit);
const isSplit = ({ pieces }: FuzzCase): boolean =>
  pieces.some(({ type }, at) => type === 'BootServicesData' && pieces[at + 1]?.type === type);

async function shrunk(
  shows: (given: FuzzCase) => boolean,
  limit = Infinity,
): Promise<{ smallest: FuzzCase; isMinimal: boolean; tried: FuzzCase[]; kept: FuzzCase[] }> {
  const [tried, kept]: FuzzCase[][] = [[], []];
  const made = await shrink(LARGE, {
    shows: (smaller) => {
      tried?.push(smaller);
      return Promise.resolve(shows(smaller));
    },
    goesOn: () => (tried?.length ?? 0) < limit,
    onSmaller: (smaller) => {
      kept?.push(smaller);
      return Promise.resolve();
    },
  });
  return { ...made, tried: tried ?? [], kept: kept ?? [] };
}

describe('a planted cause is all that is left', () => {
  it.each<{ cause: string; shows: (given: FuzzCase) => boolean; left: Partial<FuzzCase> }>([
    { cause: 'none', shows: () => true, left: {} },
    {
      cause: 'a word of the command line',
      shows: ({ append }) => append.includes('efi=debug'),
      left: { append: ['efi=debug'] },
    },
    { cause: 'two CPUs', shows: ({ cpus }) => cpus >= 2, left: { cpus: 2 } },
    { cause: 'three CPUs', shows: ({ cpus }) => cpus >= 3, left: { cpus: 4 } },
    { cause: 'memory', shows: ({ memoryMiB }) => memoryMiB > 1024, left: { memoryMiB: 2048 } },
    { cause: 'a firmware', shows: ({ ovmf }) => ovmf !== 'host', left: { ovmf: 'debian:2025.02' } },
    {
      cause: 'a crash',
      shows: ({ crash }) => crash !== null,
      left: { crash: 'kexec_load' },
    },
    {
      cause: 'a crashkernel, whichever',
      shows: ({ crashkernel }) => crashkernel !== null,
      left: { crashkernel: '256M' },
    },
    {
      cause: 'so many islands',
      shows: hasIslands(90),
      left: { islands: [{ type: 'BootServicesData', count: 90 }] },
    },
    {
      cause: 'two descriptors of one type',
      shows: isSplit,
      left: {
        pieces: [
          { type: 'Conventional', pages: 0x14 },
          { type: 'BootServicesData', pages: 0x10 },
          { type: 'BootServicesData', pages: 0x10 },
          { type: 'Conventional', pages: 0x6c },
        ],
      },
    },
    {
      cause: 'a lever with a word',
      shows: ({ levers, append }) => levers.includes('bgrt') && append.includes('nokaslr'),
      left: { levers: ['bgrt'], append: ['nokaslr'] },
    },
  ])('$cause', async ({ shows, left }) => {
    const { smallest, isMinimal, tried, kept } = await shrunk(shows);
    expect(smallest).toEqual({ ...PLAIN, ...left });
    expect(isMinimal).toBe(true);
    expect(kept.every(shows)).toBe(true);
    expect(tried.every(isFair)).toBe(true);
    expect(new Set(tried.map((one) => JSON.stringify(one))).size).toBe(tried.length);
  });
});

it('stops where it may not go on, with the smallest so far', async () => {
  const { smallest, isMinimal, tried, kept } = await shrunk(hasIslands(90), 7);
  expect(tried).toHaveLength(7);
  expect(isMinimal).toBe(false);
  expect(smallest).toEqual(kept.at(-1));
});

it('leaps to an ordinary machine, if little of the case is needed', async () => {
  const { smallest, tried } = await shrunk(({ crashkernel }) => crashkernel === '192M');
  expect(smallest).toEqual({ ...PLAIN, crashkernel: '192M' });
  expect(tried[0]).toEqual(smallest);
});

it('leaves a case as it is of which nothing smaller shows it', async () => {
  const { smallest, isMinimal, kept } = await shrunk(() => false);
  expect({ smallest, isMinimal, kept }).toEqual({ smallest: LARGE, isMinimal: true, kept: [] });
});
