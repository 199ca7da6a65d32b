// SPDX-License-Identifier: MIT
/**
 * What the package `sub1m` gives to other programs: predict, run cells, judge their folders, read vmcores.
 *
 * ```ts
 * import { PLAIN_MACHINE, predict, readLayout } from 'sub1m';
 *
 * const { maps } = await readLayout('thread-2021');
 * const { pages } = predict({ ...PLAIN_MACHINE, ...maps }, 'two-phase');
 * console.log(`page 0x10 at the kexec jump: ${pages[0x10].owner}`);
 * ```
 *
 * What is not here may change at any time.
 */
export * from './errors.ts';
export { type Log, silentLog } from './log.ts';

export type { Layout } from './layout/layout.ts';
export { readLayout } from './layout/read-layout.ts';
export { type ModelInputs, PLAIN_MACHINE } from './model/model-inputs.ts';
export { type Prediction, predict } from './model/prediction.ts';

export { type PlannedCell, expand } from './matrix/expand.ts';
export type { JudgedCell, RunResult } from './matrix/judged-cell.ts';
export { judgeFolder } from './runner/judge-folder.ts';
export { type RunPlan, type RunSettings, runPlan } from './runner/run-plan.ts';
export type { RunnerContext } from './runner/runner-context.ts';

export { openFile } from './process/open-file.ts';
export { type Vmcore, openVmcore } from './vmcore/dump/open-vmcore.ts';
export { type DumpedKernel, openKernel } from './vmcore/kernel/kernel.ts';
