// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { STANDARD_CELL, type CellSpec } from '../../bundle/cell-record.ts';
import { InterruptedError } from '../../errors.ts';
import { CoverageOfKernels, summarise } from '../../fuzz/coverage.ts';
import { fuzz } from '../../fuzz/fuzz.ts';
import { type CaseChoices, MOST_MEMORY_MIB } from '../../fuzz/generate-case.ts';
import type { JournalLine } from '../../fuzz/journal.ts';
import { type Kernel, requireKernel } from '../../kernel/require-kernel.ts';
import type { KnownDefect } from '../../matrix/known-defects.ts';
import { sha256 } from '../../process/file-hash.ts';
import { makeTempDir, sweepTempDirs } from '../../process/temp-dir.ts';
import type { FuzzReport } from '../../report/fuzz-report.ts';
import { autoJobs } from '../auto-jobs.ts';
import { codeVersion } from '../code-version.ts';
import { requireHost } from '../host.ts';
import { packageContext } from '../package-context.ts';
import { RESULTS } from '../results-folder.ts';
import type { RunnerContext } from '../runner-context.ts';
import { CorpusFolder, layoutPath } from './corpus-folder.ts';
import { type FuzzMachines, predictCase, runCase } from './fuzz-machines.ts';

/** What is fuzzed, and for how long. */
export interface FuzzSettings {
  readonly kernels: readonly string[];
  readonly policy: CellSpec['policy'];
  readonly known: readonly KnownDefect[];
  readonly seed: number;
  /** One case in so many crashes; 0: none. */
  readonly crash: number;
  /** The firmwares, as a cell has them; that of a standard cell unless given. */
  readonly ovmf?: readonly string[];
  /** Cases of the seed, with those of earlier runs; no limit unless given. */
  readonly cases?: number;
  readonly minutes?: number;
  readonly jobs: number | 'auto';
  /** Machines that may be used to make one finding smaller. */
  readonly shrink: number;
  /** The folder of findings; `results/fuzz` unless given. */
  readonly corpus?: string;
  /** A factor on the time limit of every phase. */
  readonly budget: number;
  readonly mirror?: string | undefined;
}

const MINUTE_MS = 60_000;

/** Digits of the hash that stands for kernels, policy, choices and model. */
const KEY_DIGITS = 16;

/**
 * Fuzzes kernels. If interrupted or killed, the same call goes on. Throws `InterruptedError`; what was found by then is
 * in the folder of findings.
 */
export async function runFuzz(settings: FuzzSettings, context: RunnerContext): Promise<FuzzReport> {
  const { environment, signal, log } = context;
  const { policy, known, seed, minutes } = settings;
  const choices = choicesOf(settings);
  const folder = resolve(settings.corpus ?? join(RESULTS, 'fuzz'));
  await using corpus = await CorpusFolder.open(folder, signal);
  const host = await requireHost(context, settings);
  for (const wanted of choices.ovmfs) await host.ovmf(wanted);
  const kernels = new Map<string, Kernel>();
  const sources = packageContext(settings, { environment, signal, log });
  for (const ref of settings.kernels) kernels.set(ref, await requireKernel(ref, sources));
  await sweepTempDirs();
  await using temp = await makeTempDir();
  const note = (line: JournalLine): Promise<void> => corpus.note(line);
  const coverage = new CoverageOfKernels(corpus.journal.reached);
  const asked = { kernels, policy, known };
  const machines: FuzzMachines = { host, ...asked, coverage, note, temp: temp.path, signal };
  const startedAt = performance.now();
  const timeMs = minutes === undefined ? Infinity : minutes * MINUTE_MS;
  const timeIsOver = (): boolean => signal.aborted || performance.now() - startedAt >= timeMs;
  let machineNr = 0;
  const plan = {
    kernels: settings.kernels,
    policy,
    seed,
    choices,
    cases: settings.cases ?? null,
    jobs:
      settings.jobs === 'auto'
        ? autoJobs([{ ...STANDARD_CELL, memoryMiB: MOST_MEMORY_MIB }])
        : settings.jobs,
    shrinkRuns: settings.shrink,
    run: keyOf(kernels, policy, choices),
    journal: corpus.journal,
  };
  const result = await fuzz(plan, {
    predict: (given, ref) => predictCase(given, ref, machines),
    run: (given, ref) => {
      machineNr += 1;
      return runCase(given, ref, { ...machines, name: `machine-${machineNr}` });
    },
    timeIsOver,
    note,
    onStep: (text) => {
      const left = timeMs - (performance.now() - startedAt);
      const time = Number.isFinite(left) ? `; ${Math.max(0, Math.ceil(left / 1000))} s left` : '';
      log.info(`fuzz: ${text}${time}`);
    },
  });
  if (signal.aborted) {
    throw new InterruptedError(`Interrupted; the same command goes on, with what is in ${folder}`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const fileOf = (finding: (typeof result.findings)[number]): string => layoutPath(folder, finding);
  const code = [...kernels].flatMap(([kernel, { imageSha256: image }]) => {
    const files = summarise(coverage.of(image));
    return files.length > 0 ? [{ kernel, files }] : [];
  });
  return { ...result, kernels: settings.kernels, seed, seconds, folder, fileOf, code };
}

function choicesOf({ ovmf = [], crash: crashOneIn }: FuzzSettings): CaseChoices {
  const [first = STANDARD_CELL.ovmf, ...others] = ovmf;
  return { ovmfs: [first, ...others], crashOneIn };
}

/** What stands for what is fuzzed: the same for the same images, policy, choices and model, which make the same cases. */
function keyOf(
  kernels: ReadonlyMap<string, Kernel>,
  policy: string,
  { ovmfs, crashOneIn }: CaseChoices,
): string {
  const images = [...kernels].map(([ref, { imageSha256 }]) => [ref, imageSha256]);
  return sha256(JSON.stringify([images, policy, ovmfs, crashOneIn, codeVersion().model])).slice(
    0,
    KEY_DIGITS,
  );
}
