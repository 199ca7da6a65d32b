// SPDX-License-Identifier: MIT
/**
 * Like `fuzz.test.ts`, with 100,000 mutants of each small input (`SUB1M_FUZZ=<number>`), and with dumps of real
 * kernels: `SUB1M_FUZZ_DUMPS=<vmcore>:<vmcore> npm run nightly fuzz`. Prints a table of what each parser took.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesSource } from './vmcore/dump/byte-source.ts';
import { type FuzzTarget, fuzz } from './vmcore/testing/fuzz-engine.ts';
import { fuzzTargets } from './testing/fuzz-table.ts';
import { KERNEL_PARSER_NAMES, fileTarget, kernelTarget } from './vmcore/testing/fuzz-targets.ts';
import { openKernel } from './vmcore/kernel/kernel.ts';
import { openVmcore } from './vmcore/dump/open-vmcore.ts';

const COUNT = Number(process.env['SUB1M_FUZZ'] ?? 100_000);
const DUMPS = (process.env['SUB1M_FUZZ_DUMPS'] ?? '').split(':').filter((path) => path !== '');

/** Time limit for a mutant, ms; a real kernel has 150,000 symbols. */
const LIMIT_MS = 20_000;
/** By how much the mutants of a parser may raise the peak memory of the process, MiB. */
const LIMIT_MIB = 500;
const TIMEOUT_MS = 4 * 60 * 60_000;

function check(target: FuzzTarget): void {
  const before = freshPeakMiB();
  const startedAt = performance.now();
  const { count, failures, refused, slowest } = fuzz(target, COUNT);
  const seconds = (performance.now() - startedAt) / 1000;
  const grown = peakMiB() - before;
  const cells = [
    target.name.padEnd(34),
    ...[count, refused].map((number) => `${number}`.padStart(8)),
    seconds.toFixed(1).padStart(8),
    slowest.ms.toFixed(1).padStart(8),
    `${slowest.seed}`.padStart(8),
    grown.toFixed(0).padStart(6),
  ];
  TABLE.push(cells.join(' '));
  expect(failures).toEqual([]);
  expect(slowest.ms).toBeLessThan(LIMIT_MS);
  expect(grown).toBeLessThan(LIMIT_MIB);
}

/** One line for each parser. */
const TABLE = [
  'parser                              mutants  refused  seconds  slowest     seed  + MiB',
];

afterAll(() => {
  process.stderr.write(`${TABLE.join('\n')}\n`);
});

/** Forgets the peak so far (proc(5), `clear_refs`): it is that of the parser before. */
function freshPeakMiB(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return peakMiB();
}

function peakMiB(): number {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

/** These read megabytes each time. */
const SLOW = new Set(['kallsyms', 'BTF']);

function realTargets(path: string): FuzzTarget[] {
  const file = readFileSync(path);
  const vmcore = openVmcore(bytesSource(file));
  const parsers = KERNEL_PARSER_NAMES.filter(
    (name) => name !== 'BTF' || openKernel(vmcore).btf.value,
  );
  return [
    { ...fileTarget('dump', file), oneIn: 100 },
    ...parsers.map((parser) => ({
      ...kernelTarget(parser, vmcore),
      oneIn: SLOW.has(parser) ? 100 : 1,
    })),
  ];
}

const TARGETS = fuzzTargets();

describe('tampered with', () => {
  it.each(TARGETS)('$name is read or refused', check, TIMEOUT_MS);
});

for (const path of DUMPS) {
  describe(`tampered with in ${path}`, () => {
    it.each(realTargets(path))('$name is read or refused', check, TIMEOUT_MS);
  });
}
