// SPDX-License-Identifier: MIT
/** Dumps of each format with a few bytes changed or cut off: opening and walking them ends well or with a `FormatError`. */
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { physAddr } from '../memory/pfn.ts';
import { bytesSource } from './byte-source.ts';
import { kdumpBytes, rawPage, zlibPage } from './kdump-builder.ts';
import { openVmcore } from './open-vmcore.ts';
import {
  elfCoreBytes,
  flattenedBytes,
  pageOf,
  prstatusNote,
  vmcoreinfoNote,
} from './vmcore-builder.ts';

/** Dumps that are tried, over all formats. */
const COUNT = Number(process.env['SUB1M_FUZZ'] ?? 2000);
/** What no dump of a few pages may take, in ms; a hundred times what it does take. */
const LIMIT_MS = 1000;
const SEED = 1;

const NOTES = [prstatusNote(1), vmcoreinfoNote(['OSRELEASE=6.12.0', 'SYMBOL(x)=ff', 'SIZE(y)=8'])];
const ELF = elfCoreBytes(NOTES, [
  { paddr: 0x2000, vaddr: 0xffffffff81000000n, bytes: pageOf(1) },
  { paddr: 0x1000, bytes: pageOf(2), memoryBytes: 0x3000 },
]);
const LZO = Uint8Array.of(
  21,
  4,
  4,
  4,
  4,
  0x20,
  ...Array<number>(15).fill(0),
  234,
  0,
  0,
  0x11,
  0,
  0,
);
const ZSTD = Buffer.from('KLUv/QBY5QAAoGEgcGFnZSBvZiBhIGtlcm5lbDsgAQDSuX8yAQ==', 'base64');
const KDUMP = kdumpBytes({
  pages: [
    rawPage(1, pageOf(1)),
    zlibPage(2, pageOf(2)),
    { pfn: 3, flags: 2, data: LZO },
    { pfn: 4, flags: 4, data: Uint8Array.of(0x80, 0x20, 0, 5, 0xfe, 1, 0, 0xfe, 1, 0) },
    { pfn: 5, flags: 0x20, data: ZSTD },
  ],
  filtered: [6, 7],
  notes: NOTES,
  vmcoreinfo: 'OSRELEASE=6.12.0\n',
});

type Random = (below: number) => number;

/** A small generator, so that a seed gives the same dumps everywhere (xorshift, 32 bits). */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Values that break arithmetic more often than others do. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

/** Changes a few bytes, mostly where the formats keep what they say of themselves; sometimes cuts the end off. */
function mutate(dump: Uint8Array, interesting: readonly number[], random: Random): Uint8Array {
  const bytes = Uint8Array.from(dump);
  for (let left = 1 + random(6); left > 0; left -= 1) {
    const near = (interesting[random(interesting.length)] ?? 0) + random(128);
    const at = random(4) === 0 ? random(bytes.length) : near;
    const length = 1 + random(3) * random(3);
    const value = random(2) === 0 ? random(256) : (EDGES[random(EDGES.length)] ?? 0);
    bytes.fill(value, at, at + length);
  }
  return random(5) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

function walk(dump: Uint8Array): void {
  const vmcore = openVmcore(bytesSource(dump));
  const { ranges } = vmcore.memory;
  const starts = ranges.slice(0, 8).flatMap(({ start, end }) => [start, end - 1]);
  for (const start of [...starts, 0, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x1ffe]) {
    readOrRefuse(() => vmcore.memory.read(physAddr(start), 16));
  }
  readOrRefuse(() => vmcore.memory.read(physAddr(0x1000), 0x5000));
  readOrRefuse(() => vmcore.vmcoreinfo?.symbol('x'));
  readOrRefuse(() => vmcore.vmcoreinfo?.size('y'));
}

/** Whether it ended with a `FormatError`; another error is thrown on. */
function readOrRefuse(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

describe('a dump that was tampered with', () => {
  it.each([
    { name: 'an ELF core', dump: ELF, interesting: [0, 64, 120, 176, 232, 600] },
    {
      name: 'a kdump-compressed dump',
      dump: KDUMP,
      interesting: [0, 420, 0x1000, 0x2000, 0x3000, 0x4000, 0x4060, 0x5200],
    },
    {
      name: 'a flattened ELF core',
      dump: flattenedBytes(ELF, 1500),
      interesting: [0, 0x1000, 0x1080, 0x15e0],
    },
    {
      name: 'a flattened kdump-compressed dump',
      dump: flattenedBytes(KDUMP, 1500),
      interesting: [0, 0x1000, 0x15ec, 0x2100, 0x3100],
    },
  ])(
    'is read or refused, and soon: $name',
    ({ dump, interesting }) => {
      expect(
        readOrRefuse(() => {
          walk(dump);
        }),
      ).toBe(false);
      const random = randomFrom(SEED);
      const seen = { refused: 0, slowest: 0 };
      for (let left = Math.ceil(COUNT / 4); left > 0; left -= 1) {
        const mutant = mutate(dump, interesting, random);
        const started = performance.now();
        if (
          readOrRefuse(() => {
            walk(mutant);
          })
        )
          seen.refused += 1;
        seen.slowest = Math.max(seen.slowest, performance.now() - started);
      }
      expect(seen.refused).toBeGreaterThan(0);
      expect(seen.slowest).toBeLessThan(LIMIT_MS);
    },
    COUNT * 30,
  );
});
