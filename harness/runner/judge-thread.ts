// SPDX-License-Identifier: MIT
import { readyThread, threadModule } from '../process/run-in-thread.ts';

/** What reads and judges evidence, in a thread: where there is as much text as there may be, that takes seconds. */
export const JUDGE_EVIDENCE = threadModule('runner/judge-evidence');

/** Has a thread ready for the first bundle. */
export function readyToJudge(): void {
  readyThread(JUDGE_EVIDENCE);
}
