// SPDX-License-Identifier: MIT
/** `inspect` reads a dump of 16 GiB in place, with hardly more memory than a small one. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE_SIZE } from '../memory/pfn.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { elfHeaders } from '../vmcore/testing/elf-builder.ts';
import { kdumpBytes } from '../vmcore/testing/kdump-builder.ts';
import { flattenedBytes, noteBytes, vmcoreinfoNote } from '../vmcore/testing/vmcore-builder.ts';
import { wholeKernel } from '../vmcore/testing/whole-kernel-builder.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const PAGES = 2 ** 22;

/** Prints the peak memory of the process in KiB; `getrusage()` would start from its parent's. */
const TELL_PEAK = `import { readFileSync } from 'node:fs';
process.on('exit', () => process.stderr.write(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status'))[1]));`;

/** Parts of a file that is otherwise zero. */
type Parts = readonly (readonly [offset: number, bytes: Uint8Array])[];

const { ram, lines } = wholeKernel();

/** The kernel, and a load of zeroes up to 16 GiB, which is a hole. */
function elfParts(): Parts {
  const note = noteBytes(vmcoreinfoNote(lines));
  const [noteAt, ramAt] = [0x1000, 0x10000];
  const memoryBytes = PAGES * PAGE_SIZE;
  const headers = elfHeaders([
    { type: 4, offset: noteAt, memoryBytes: note.length },
    { offset: ramAt, memoryBytes },
  ]);
  return [
    [0, headers],
    [noteAt, note],
    [ramAt, ram],
    [ramAt + memoryBytes - 1, Uint8Array.of(0)],
  ];
}

/** As makedumpfile writes it: all pages of zeroes share one, but each has a descriptor, 100 MB. */
function kdumpParts(): Parts {
  const bitmapBytes = PAGES / 8;
  const descriptors = 2 * PAGE_SIZE + 2 * bitmapBytes;
  const info = Buffer.from(lines.join('\n'));
  const infoAt = descriptors + PAGES * 24;
  const ramAt = infoAt + info.length;
  const bitmapBlocks = (2 * bitmapBytes) / PAGE_SIZE;
  const headers = Buffer.from(kdumpBytes({ pages: [], maxMapnr: BigInt(PAGES), bitmapBlocks }));
  headers.writeBigUInt64LE(BigInt(infoAt), PAGE_SIZE + 32);
  headers.writeBigUInt64LE(BigInt(info.length), PAGE_SIZE + 40);
  const table = Buffer.alloc(PAGES * 24);
  for (let page = 0; page < PAGES; page += 1) {
    table.writeUIntLE(ramAt + Math.min(page * PAGE_SIZE, ram.length), page * 24, 6);
    table.writeUInt32LE(PAGE_SIZE, page * 24 + 8);
  }
  return [
    [0, headers.subarray(0, 2 * PAGE_SIZE)],
    [2 * PAGE_SIZE, Buffer.alloc(2 * bitmapBytes, 0xff)],
    [descriptors, table],
    [infoAt, info],
    [ramAt, ram],
    [ramAt + ram.length, Buffer.alloc(PAGE_SIZE)],
  ];
}

/** The same in 200,000 records of 512 bytes. */
function flattenedParts(): Parts {
  const parts = kdumpParts();
  const dump = Buffer.alloc(Math.max(...parts.map(([at, bytes]) => at + bytes.length)));
  for (const [at, bytes] of parts) dump.set(bytes, at);
  return [[0, flattenedBytes(dump, 512)]];
}

let temp: TempDir;

beforeAll(async () => {
  temp = await makeTempDir();
});

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

it.each([
  { format: 'elf', limitMiB: 150, parts: elfParts },
  { format: 'kdump-compressed', limitMiB: 150, parts: kdumpParts },
  // The offset of each record is kept.
  { format: 'kdump-compressed, flattened', limitMiB: 250, parts: flattenedParts },
])(
  'takes less than $limitMiB MiB for 16 GiB of $format',
  async ({ format, limitMiB, parts }) => {
    const path = join(temp.path, 'vmcore');
    const fd = openSync(path, 'w');
    for (const [at, bytes] of parts()) writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_PEAK)}` };
    const { status, stdout, stderr } = await runSub1m(['inspect', path, '--json'], env);
    expect(status).toBe(0);
    const found = { format: format.split(',')[0], memoryBytes: PAGES * PAGE_SIZE, btf: true };
    expect(JSON.parse(stdout)).toMatchObject({ summary: found });
    expect(Number(stderr) / 1024).toBeLessThan(limitMiB);
  },
  120_000,
);
