// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { renderStruct } from './btf-render.ts';
import type { KallsymsStyle } from './kallsyms-builder.ts';
import { ramMemory } from './kernel-builder.ts';
import { readKernelState } from './kernel-state.ts';
import { attempt, openKernel } from './kernel.ts';
import { readLowPages } from './page-structs.ts';
import { readPrintk, renderPrintk } from './printk.ts';
import { readResourceTree, renderResources } from './resource-tree.ts';
import { readStack } from './stacks.ts';
import { parseVmcoreinfo } from './vmcoreinfo.ts';
import { PLACES, type WholeKernel, wholeKernel } from './whole-kernel-builder.ts';

/** Mutated kernels of each style; SUB1M_FUZZ asks for more. */
const COUNT = Number(process.env['SUB1M_FUZZ'] ?? 60);
/** What one may take that is not broken, ms: whoever never ends is found so. */
const BUDGET_MS = 5000;

const STYLES: KallsymsStyle[] = ['5.10', '6.1', '6.12', '7.3'];

/** Bytes that parsers are often wrong about. */
const WORDS = [
  0n,
  1n,
  0x7fffffffn,
  0xffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0xffffffff80110000n,
];

/** mulberry32: a seed is a test that can be run again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomOf>;

/** The areas that somebody reads, so that few mutations are without effect. */
const AREAS: readonly (readonly [start: number, bytes: number])[] = [
  [0x1000, 0x2018],
  [PLACES.variables, 0x40],
  [PLACES.perCpu, 0x200],
  [PLACES.resources, 0x200],
  [PLACES.log, 0x700],
  [PLACES.pages, 0x4000],
  [PLACES.stack, 0x40],
  [PLACES.orc, 0x20],
  [PLACES.btf, 0x600],
  [PLACES.kallsyms, 0x800],
];

function mutateRam(ram: Buffer, random: Random): void {
  const [start, bytes] = AREAS[random(AREAS.length)] ?? [0, 8];
  const at = start + random(bytes);
  const word = WORDS[random(WORDS.length)] ?? 0n;
  switch (random(4)) {
    case 0:
      ram.writeUInt8(random(256), at);
      break;
    case 1:
      ram.writeBigUInt64LE(word, at - (at % 8));
      break;
    case 2:
      ram.writeUInt32LE(Number(word & 0xffffffffn), at - (at % 4));
      break;
    default:
      // Something that is right elsewhere.
      ram.copy(ram, at, start + random(bytes), start + random(bytes));
  }
}

function mutateLines(lines: string[], random: Random): void {
  const index = random(lines.length);
  const [key = '', value = ''] = (lines[index] ?? '').split('=');
  const [, other = ''] = (lines[random(lines.length)] ?? '').split('=');
  const values = ['', '0', '-1', '7', '1000', '4294967295', '9007199254740991', other, `${value}8`];
  lines[index] = `${key}=${values[random(values.length)]}`;
}

/** Reads all that can be read of a kernel; what throws anything but a `FormatError` is wrong. */
function readAll({ ram, lines, cpus }: Pick<WholeKernel, 'ram' | 'lines' | 'cpus'>): void {
  const vmcoreinfo = parseVmcoreinfo(Buffer.from(lines.join('\n')));
  const kernel = openKernel({ memory: ramMemory(ram), vmcoreinfo, cpus });
  const { memory, kallsyms, btf } = kernel;
  const log = attempt([], () => readPrintk(kernel)) ?? [];
  for (const _ of renderPrintk(log));
  readKernelState(kernel, log);
  attempt([], () => readLowPages(kernel));
  if (!kallsyms) return;
  kallsyms.search(/crash/);
  for (const cpu of cpus) readStack({ memory, kallsyms }, cpu);
  const root = kallsyms.address('iomem_resource') ?? 0n;
  attempt([], () => renderResources(readResourceTree(kernel, root)));
  for (const name of btf ? ['task_struct', 'resource', 'bit_fields'] : []) {
    attempt([], () => btf && renderStruct(btf, memory, { name, at: root, depth: 4 }));
  }
}

function tryAll(kernel: Pick<WholeKernel, 'ram' | 'lines' | 'cpus'>): unknown {
  try {
    readAll(kernel);
    return undefined;
  } catch (error) {
    return error instanceof FormatError ? undefined : error;
  }
}

describe.each(STYLES)('a mutated kernel with kallsyms of %s', (style) => {
  it('is read or refused with a FormatError, and soon', { timeout: 600_000 }, () => {
    const whole = wholeKernel(style);
    const failures: object[] = [];
    for (let seed = 0; seed < COUNT; seed += 1) {
      const random = randomOf(seed);
      const kernel = { ...whole, ram: Buffer.from(whole.ram), lines: [...whole.lines] };
      for (let changes = 1 + random(4); changes > 0; changes -= 1) {
        if (random(3) === 0) mutateLines(kernel.lines, random);
        else mutateRam(kernel.ram, random);
      }
      const start = performance.now();
      const error = tryAll(kernel);
      const ms = performance.now() - start;
      if (error !== undefined || ms > BUDGET_MS) failures.push({ seed, error, ms });
    }
    expect(failures).toEqual([]);
  });
});
