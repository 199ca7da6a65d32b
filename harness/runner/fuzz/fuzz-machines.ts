// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellSpec } from '../../bundle/cell-record.ts';
import type { CellHost } from '../../cell/cell-host.ts';
import { systemCmdline } from '../../cell/command-line.ts';
import { machineOf } from '../../check/log/log-machine.ts';
import { findPolicyOfRelease } from '../../check/policy-of-release.ts';
import { FormatError } from '../../errors.ts';
import { type CaseOutcome, outcomeOf } from '../../fuzz/finding-class.ts';
import type { CasePrediction } from '../../fuzz/fuzz-plan.ts';
import { type FuzzCase, layoutOf, specOf } from '../../fuzz/fuzz-case.ts';
import type { Kernel } from '../../kernel/require-kernel.ts';
import { planPersonality } from '../../layout/personality-plan.ts';
import { type KnownDefect, matchKnownDefects } from '../../matrix/known-defects.ts';
import { detailsOfRelease } from '../../model/kernel-details.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import { KEEP_ALL } from '../keep-vmcore.ts';
import { withRecipePolicy } from '../recipe-policy.ts';
import { runRepeatable } from '../run-again.ts';
import { featuresOf } from './model-features.ts';
import { type CoverageEdges, noteCoverage } from './read-coverage.ts';

/** What the machines of a run share. */
export interface FuzzMachines extends Pick<CoverageEdges, 'coverage' | 'note'> {
  readonly host: CellHost;
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly policy: CellSpec['policy'];
  readonly known: readonly KnownDefect[];
  /** A folder for bundles, which do not stay. */
  readonly temp: string;
  readonly signal: AbortSignal;
}

/** The name of a case's layout and cell; its bundle does not stay. */
const CASE = 'fuzz-case';

/** What the model says of a case before it runs, from nothing but its layout, its command line and the kernel's release. */
export function predictCase(given: FuzzCase, ref: string, machines: FuzzMachines): CasePrediction {
  const kernel = requireNamed(machines, ref);
  const spec = specFor(given, kernel, machines);
  const policy = spec.policy === 'auto' ? findPolicyOfRelease(kernel.release)?.id : spec.policy;
  if (policy === undefined) {
    return { end: 'open: no policy is known for its release', features: [] };
  }
  const told = { trampolineSize: null, baseMemoryKiB: null, ebda: null, esrt: null };
  const cmdline = systemCmdline(spec);
  const { inputs } = machineOf(layoutOf(given, CASE), {
    ...told,
    cmdline,
    append: [],
    reserved: [],
  });
  const prediction = predict({ ...inputs, kernel: detailsOfRelease(kernel.release) }, policy);
  return { end: endOf(prediction), features: featuresOf(prediction) };
}

function endOf({ panic, doubt }: Prediction): string {
  if (panic) return `panics in ${panic.step}`;
  return doubt ? 'open: it depends on what the kernel reserves above 1 MiB' : 'boots';
}

/** Runs a case, and once more if `isRunAgain`. Throws like `runCell`. */
export async function runCase(
  given: FuzzCase,
  ref: string,
  machines: FuzzMachines & { readonly name: string },
): Promise<CaseOutcome> {
  const { host, known, temp, signal, name } = machines;
  const kernel = requireNamed(machines, ref);
  const spec = specFor(given, kernel, machines);
  const layout = layoutOf(given, CASE);
  const impossible = whyImpossible(() => planPersonality(layout));
  if (impossible !== null) return { kind: 'unjudged', why: impossible };
  const folder = join(temp, name);
  const defects = matchKnownDefects(known, spec, kernel.release);
  const job = { id: CASE, spec, kernel, layout, known: defects, fault: null, folder, signal };
  const life = { onPhase: () => {}, again: () => Promise.resolve(kernel) };
  try {
    const { judgement } = await runRepeatable({ ...job, ...life }, host, KEEP_ALL);
    await noteCoverage(given, kernel, { ...machines, log: host.log, folder });
    return outcomeOf(judgement);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why no machine can have the layout; null if one can. */
function whyImpossible(plan: () => unknown): string | null {
  try {
    plan();
    return null;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

function specFor(given: FuzzCase, kernel: Kernel, { policy }: FuzzMachines): CellSpec {
  return withRecipePolicy(specOf(given, { kernel: kernel.ref, layout: CASE, policy }), kernel);
}

function requireNamed({ kernels }: FuzzMachines, ref: string): Kernel {
  const kernel = kernels.get(ref);
  if (!kernel) throw new Error(`No kernel for ${ref}`);
  return kernel;
}
