// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { planPersonality } from '../layout/personality-plan.ts';
import { LOW_PAGES } from '../memory/pfn.ts';
import {
  type FuzzCase,
  PLAIN_CASE,
  fuzzCaseSchema,
  isFair,
  layoutOf,
  layoutText,
  specOf,
} from './fuzz-case.ts';
import { generateCase } from './generate-case.ts';

const SOME = Array.from({ length: 200 }, (_, nr) => generateCase(1, nr));

it('makes the same cases of the same seed, and others of another', () => {
  expect(Array.from({ length: 200 }, (_, nr) => generateCase(1, nr))).toEqual(SOME);
  const all = new Set(SOME.map((given) => JSON.stringify(given)));
  expect(all.size).toBeGreaterThan(190);
  const others = SOME.filter(
    (given, nr) => JSON.stringify(given) === JSON.stringify(generateCase(2, nr)),
  );
  expect(others.length).toBeLessThan(10);
});

it('crashes as many cases as it is told, with room for a capture kernel, on the firmwares that it is told', () => {
  const ovmfs = ['host', 'debian:2025.02'] as const;
  const made = (crashOneIn: number): FuzzCase[] =>
    SOME.map((_, nr) => generateCase(1, nr, { ovmfs, crashOneIn }));
  expect(new Set(made(0).map(({ crash }) => crash))).toEqual(new Set([null]));
  expect(new Set(made(1).map(({ crash }) => crash))).toEqual(
    new Set(['kexec_file_load', 'kexec_load']),
  );
  expect(new Set(made(1).map(({ crashkernel }) => crashkernel))).toEqual(
    new Set(['256M', '256M,high']),
  );
  expect(new Set(made(1).map(({ ovmf }) => ovmf))).toEqual(new Set(ovmfs));
});

it('makes cases that a machine can have, and in which a kernel has room', () => {
  for (const given of SOME) {
    expect(fuzzCaseSchema.parse(given)).toEqual(given);
    expect(isFair(given)).toBe(true);
    expect(given.pieces.reduce((sum, { pages }) => sum + pages, 0)).toBeLessThanOrEqual(LOW_PAGES);
    expect(planPersonality(layoutOf(given, 'made')).ranges.length).toBeGreaterThan(0);
  }
});

it('comes to every kind of machine', () => {
  const has = (holds: (given: FuzzCase) => boolean): boolean => SOME.some(holds);
  const reserved = ({ pieces, islands }: FuzzCase): number =>
    pieces.filter(({ type }) => type === 'BootServicesData').length + (islands[0]?.count ?? 0);
  const kinds = {
    near128: has((given) => reserved(given) > 100 && reserved(given) < 128),
    holes: has(({ pieces }) => pieces.some(({ type }) => type === null)),
    splits: has(({ pieces }) => pieces.some(({ type }, at) => type === pieces[at + 1]?.type)),
    above640K: has(({ pieces }) => pieces.at(-1)?.type === 'Reserved'),
    bda: has(({ bda }) => bda?.ebdaSegment === 0x2c00),
    levers: has(({ levers }) => levers.length === 2),
    words: has(({ append }) => append.includes('mem=768M') && append.length > 1),
    cpus2: has(({ cpus }) => cpus === 2),
    cpus4: has(({ cpus }) => cpus === 4),
    memory: has(({ memoryMiB }) => memoryMiB === 2048),
    crash: has(({ crash }) => crash === 'kexec_load'),
    crashkernel: has(({ crashkernel }) => crashkernel === '256M,high'),
  };
  expect(Object.entries(kinds).filter(([, is]) => !is)).toEqual([]);
});

it.each<{ what: string; given: Partial<FuzzCase>; fair: boolean }>([
  { what: 'a plain machine', given: {}, fair: true },
  {
    what: 'boot services alone',
    given: { pieces: [{ type: 'BootServicesData', pages: 0xa0 }] },
    fair: true,
  },
  { what: 'nothing but holes', given: { pieces: [{ type: null, pages: 0xa0 }] }, fair: false },
  {
    what: 'room below 64 KiB only',
    given: { pieces: [{ type: 'Conventional', pages: 0x10 }] },
    fair: false,
  },
  {
    what: 'fifteen pages of room',
    given: { pieces: [{ type: 'Conventional', pages: 0x1f }] },
    fair: false,
  },
  {
    what: 'sixteen pages of room',
    given: { pieces: [{ type: 'Conventional', pages: 0x20 }] },
    fair: true,
  },
  {
    what: 'as many holes above 1 MiB as fit into the e820 map of any kernel',
    given: { islands: [{ type: 'Reserved', count: 51 }] },
    fair: true,
  },
  { what: 'one more', given: { islands: [{ type: 'Reserved', count: 52 }] }, fair: false },
  {
    what: 'RAM of any number of types',
    given: { islands: [{ type: 'BootServicesData', count: 200 }] },
    fair: true,
  },
  { what: 'room that memmap= takes', given: { append: ['memmap=640K$0'] }, fair: false },
  {
    what: 'an EBDA at 128 KiB',
    given: { bda: { ebdaSegment: 0x2000, baseMemoryKiB: 0 } },
    fair: true,
  },
  {
    what: 'an EBDA below the only room',
    given: {
      pieces: [
        { type: 'Reserved', pages: 0x20 },
        { type: 'Conventional', pages: 0x80 },
      ],
      bda: { ebdaSegment: 0x2000, baseMemoryKiB: 0 },
    },
    fair: false,
  },
])('$what leaves a kernel room: $fair', ({ given, fair }) => {
  expect(isFair({ ...PLAIN_CASE, ...given })).toBe(fair);
});

it('writes a layout as people write them', () => {
  const given: FuzzCase = {
    ...PLAIN_CASE,
    pieces: [
      { type: null, pages: 1 },
      { type: 'BootServicesData', pages: 0x9f },
    ],
    islands: [{ type: 'Reserved', count: 3 }],
    levers: ['esrt'],
    bda: { ebdaSegment: 0x9fc0, baseMemoryKiB: 639 },
  };
  expect(layoutText(given, { id: 'made', notes: 'why' })).toBe(`{
  "schema": 1,
  "id": "made",
  "source": "made by sub1m fuzz",
  "synthetic": true,
  "edge": true,
  "notes": "why",
  "kind": "efi",
  "ranges": [
    { "start": "0x1000", "end": "0x9ffff", "type": "BootServicesData" }
  ],
  "bda": { "ebdaSegment": "0x9fc0", "baseMemoryKiB": 639 },
  "levers": {
    "esrt": true,
    "islands": [
    { "type": "Reserved", "start": "0x20000000", "step": "0x4000", "count": 3 }
    ]
  }
}
`);
  expect(layoutOf(given, 'made').levers).toMatchObject({ esrt: true, islands: [{ count: 3 }] });
});

it('asks for a cell that only looks at ownership', () => {
  const given = { ...PLAIN_CASE, crashkernel: '256M', append: ['efi=debug', 'nokaslr'], cpus: 2 };
  const spec = specOf(given, { kernel: 'debian:6.12', layout: 'x.json', policy: 'auto' });
  const asked = { crashkernel: '256M', append: 'efi=debug nokaslr', cpus: 2, layout: 'x.json' };
  expect(spec).toMatchObject({ ...asked, trigger: 'none', vmcore: 'none', truth: 'none' });
  const crash = { ...given, crash: 'kexec_load', memoryMiB: 2048, ovmf: 'debian:2025.02' } as const;
  expect(specOf(crash, { kernel: 'debian:6.12', layout: 'x.json', policy: 'auto' })).toMatchObject({
    load: 'kexec_load',
    memoryMiB: 2048,
    ovmf: 'debian:2025.02',
    trigger: 'sysrq',
    vmcore: 'full',
    truth: 'jump',
  });
});
