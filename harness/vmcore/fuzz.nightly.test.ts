// SPDX-License-Identifier: MIT
/**
 * Mutants of small dumps, and of real ones: `SUB1M_FUZZ_DUMPS=<vmcore>:<vmcore> npm run nightly vmcore/fuzz`.
 */
import { readFileSync } from 'node:fs';
import { describe } from 'vitest';
import { bytesSource } from './dump/byte-source.ts';
import { openVmcore } from './dump/open-vmcore.ts';
import { openKernel } from './kernel/kernel.ts';
import type { FuzzTarget } from './testing/fuzz-engine.ts';
import { fileTargets, kernelTargets } from './testing/fuzz-inputs.ts';
import { KERNEL_PARSER_NAMES, fileTarget, kernelTarget } from './testing/fuzz-targets.ts';
import { itTakesMutants } from './testing/mutants-suite.ts';

const DUMPS = (process.env['SUB1M_FUZZ_DUMPS'] ?? '').split(':').filter((path) => path !== '');

/** These read megabytes each time. */
const SLOW = new Set(['kallsyms', 'BTF']);

function realTargets(path: string): FuzzTarget[] {
  const file = readFileSync(path);
  const vmcore = openVmcore(bytesSource(file));
  const parsers = KERNEL_PARSER_NAMES.filter(
    (name) => name !== 'BTF' || openKernel(vmcore).btf.value,
  );
  return [
    { ...fileTarget('dump', file), name: `dump ${path}`, oneIn: 100 },
    ...parsers.map((parser) => ({
      ...kernelTarget(parser, vmcore),
      name: `${parser} of ${path}`,
      oneIn: SLOW.has(parser) ? 100 : 1,
    })),
  ];
}

describe('tampered with', () => {
  itTakesMutants([...fileTargets(), ...kernelTargets()]);
  for (const path of DUMPS) itTakesMutants(realTargets(path));
});
