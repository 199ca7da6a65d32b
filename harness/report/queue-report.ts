// SPDX-License-Identifier: MIT
import { asciiJson } from '../memory/ascii-json.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import type { QueueView, RunView, WorkerView } from '../queue/queue-view.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { QueueDocument } from './schema/queue-schema.ts';
import { renderSeconds } from './text/style.ts';

/** A queue for people: its runs, about how long each takes, and its workers. */
export function renderQueue({ server, waiting, running, runs, workers }: QueueView): string {
  const depth =
    runs.length === 0 ? '' : `; ${counted(waiting, 'cell')} waiting, ${running} running`;
  const lines = [
    `${server}: ${counted(runs.length, 'run')}, ${counted(workers.length, 'worker')}${depth}`,
    ...runs.map((run) => renderRun(run)),
    ...(workers.length > 0 ? [''] : []),
    ...workers.map((worker) => renderWorker(worker)),
  ];
  return `${lines.join('\n')}\n`;
}

function renderRun(run: RunView): string {
  const { cells, done, running, waiting, answered, cellsPerMinute, secondsLeft, stuck } = run;
  const taken = answered > 0 ? `, ${answered} to be taken in` : '';
  const rate = done > 0 ? `, ${cellsPerMinute.toFixed(1)} a minute` : '';
  const eta =
    secondsLeft === null || secondsLeft === 0 ? '' : `, about ${renderSeconds(secondsLeft)} left`;
  const why = stuck === null ? '' : `; ${stuck}`;
  return (
    `  ${printableText(run.name)}: ${done} of ${counted(cells, 'cell')} done, ${running} running, ` +
    `${waiting} waiting${taken}${rate}${eta}${why}`
  );
}

function renderWorker(worker: WorkerView): string {
  const { id, running, done, cellsPerMinute, cpus, memoryMiB, kvm, draining } = worker;
  return (
    `  ${printableText(id)}: ${running} running, ${done} done (${cellsPerMinute.toFixed(1)} cells a minute); ` +
    `${counted(cpus, 'CPU')}, ${memoryMiB} MiB, ${kvm ? 'KVM' : 'TCG'}${draining ? '; draining' : ''}`
  );
}

/** The same for programs. */
export function renderQueueDocument(view: QueueView): string {
  const document: QueueDocument = { schema: DOCUMENT_VERSIONS.queue, ...view };
  return `${asciiJson(document, 2)}\n`;
}
