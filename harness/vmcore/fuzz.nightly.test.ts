// SPDX-License-Identifier: MIT
/**
 * Like `fuzz.test.ts`, with 100,000 mutants of each small input, and with dumps of real kernels:
 * `SUB1M_FUZZ_DUMPS=<vmcore>:<vmcore> npx vitest run --project nightly fuzz`. Prints what each
 * parser took.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesSource } from './dump/byte-source.ts';
import { type FuzzTarget, fuzz } from './testing/fuzz-engine.ts';
import { fileTargets, kernelTargets } from './testing/fuzz-inputs.ts';
import { KERNEL_PARSER_NAMES, fileTarget, kernelTarget } from './testing/fuzz-targets.ts';
import { openKernel } from './kernel/kernel.ts';
import { openVmcore } from './dump/open-vmcore.ts';

const COUNT = Number(process.env['SUB1M_FUZZ'] ?? 100_000);
const DUMPS = (process.env['SUB1M_FUZZ_DUMPS'] ?? '').split(':').filter((path) => path !== '');

/** Time limit for a mutant, ms; a real kernel has 150,000 symbols. */
const LIMIT_MS = 20_000;
/** By how much the mutants of a parser may raise the peak memory of the process, MiB. */
const LIMIT_MIB = 500;
const TIMEOUT_MS = 4 * 60 * 60_000;

function check(target: FuzzTarget): void {
  const before = peakMiB();
  const startedAt = performance.now();
  const { count, failures, refused, slowestMs } = fuzz(target, COUNT);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const grown = peakMiB() - before;
  const took = `${seconds} s, ${refused} refused, slowest ${slowestMs.toFixed(0)} ms`;
  // Vitest shows warnings.
  process.emitWarning(`${target.name}: ${count} mutants in ${took}, + ${grown.toFixed(0)} MiB`);
  expect(failures).toEqual([]);
  expect(slowestMs).toBeLessThan(LIMIT_MS);
  expect(grown).toBeLessThan(LIMIT_MIB);
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

describe('tampered with', () => {
  it.each([...fileTargets(), ...kernelTargets()])('$name is read or refused', check, TIMEOUT_MS);
});

for (const path of DUMPS) {
  describe(`tampered with in ${path}`, () => {
    it.each(realTargets(path))('$name is read or refused', check, TIMEOUT_MS);
  });
}
