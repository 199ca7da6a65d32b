// SPDX-License-Identifier: MIT
import { type ChosenCell, WORTH } from '../matrix/night.ts';
import type { PlannedRun } from '../matrix/planned-run.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { counted } from '../memory/counted.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { PlanDocument } from './schema/plan-schema.ts';
import type { RunPlanDocument } from './schema/run-plan-schema.ts';
import { renderSeconds } from './text/style.ts';

/** What a run would do. */
export interface ShownPlan {
  readonly chosen: readonly ChosenCell[];
  readonly jobs: number;
  readonly others: number;
}

/** About how long a plan takes, seconds. */
function secondsOf({ chosen, jobs }: ShownPlan): number {
  return chosen.reduce((sum, { seconds }) => sum + seconds, 0) / jobs;
}

/** A plan for people: a line for each cell, and about how long all take. */
export function renderPlan(plan: ShownPlan): string {
  const rows = plan.chosen.map(({ cell, seconds, isMeasured, worth }) => {
    const time = `${isMeasured ? '' : '~'}${Math.round(seconds)} s`;
    return `${time.padStart(7)}  ${cell.id}  (${WORTH[worth]})`;
  });
  const { chosen, jobs, others } = plan;
  const machines = jobs === 1 ? 'one machine' : `${jobs} machines at a time`;
  const total =
    `${counted(chosen.length, 'cell')} in about ${renderSeconds(secondsOf(plan))} with ${machines}, ` +
    `builds and downloads not counted; ${others} left for other shards and other nights`;
  return `${[...rows, '', '~  by its kind: it has not run before', total].join('\n')}\n`;
}

/** A plan as the JSON document of `schema/plan-schema.ts`. */
export function renderPlanDocument(plan: ShownPlan): string {
  const document: PlanDocument = {
    schema: DOCUMENT_VERSIONS.plan,
    jobs: plan.jobs,
    seconds: secondsOf(plan),
    others: plan.others,
    cells: plan.chosen.map(({ cell, seconds, isMeasured, worth }) => ({
      id: cell.id,
      seconds,
      measured: isMeasured,
      worth,
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}

/** `plan.json`, the document of `schema/run-plan-schema.ts`. */
export function planFileDocument(plan: PlannedRun): RunPlanDocument {
  return { schema: DOCUMENT_VERSIONS['run-plan'], ...plan };
}
