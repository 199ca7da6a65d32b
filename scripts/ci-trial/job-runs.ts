// SPDX-License-Identifier: MIT
import type { Workflow } from './workflow-files.ts';

/** One run of a job, with its values of the matrix. */
export interface JobRun {
  readonly job: string;
  readonly name: string;
  readonly matrix: Readonly<Record<string, string>>;
  readonly index: number;
  readonly total: number;
}

/** The runs of all jobs, each behind those that it needs. Throws if jobs need each other, or one that is not there. */
export function jobRuns({ jobs }: Workflow): JobRun[] {
  const order: string[] = [];
  while (order.length < Object.keys(jobs).length) {
    const ready = Object.keys(jobs).filter(
      (id) => !order.includes(id) && jobs[id]?.needs.every((one) => order.includes(one)),
    );
    if (ready.length === 0) throw new Error('jobs need each other, or one that is not there');
    order.push(...ready);
  }
  return order.flatMap((job) => {
    const values = combinations(jobs[job]?.strategy?.matrix ?? {});
    return values.map((matrix, index) => ({
      job,
      name: [job, ...Object.values(matrix)].join('-'),
      matrix,
      index,
      total: values.length,
    }));
  });
}

function combinations(
  axes: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>>[] {
  return Object.entries(axes).reduce<Record<string, string>[]>(
    (made, [axis, values]) =>
      made.flatMap((one) => values.map((value) => ({ ...one, [axis]: value }))),
    [{}],
  );
}
