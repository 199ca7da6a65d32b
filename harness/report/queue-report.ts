// SPDX-License-Identifier: MIT
import { asciiJson } from '../memory/ascii-json.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import type { QueueState } from '../queue/queue-state.ts';
import { renderSeconds } from './text/style.ts';

/** A queue for people: its runs, about how long each takes, and its workers. `now` is in ms since 1970. */
export function renderQueue({ server, runs, workers }: QueueState, now: number): string {
  const lines = [`${server}: ${counted(runs.length, 'run')}, ${counted(workers.length, 'worker')}`];
  for (const run of runs) {
    const { waiting, active, answered } = run.counts;
    const left = waiting + active;
    const done = Math.max(0, run.cells - left);
    const seconds = (now - run.since) / 1000;
    const eta =
      done > 0 && left > 0 ? `, about ${renderSeconds((left * seconds) / done)} left` : '';
    const stuck = waiting > 0 && active === 0 ? '; nothing runs: no worker takes them' : '';
    const taken = answered > 0 ? `, ${answered} to be taken in` : '';
    lines.push(
      `  ${printableText(run.name)}: ${done} of ${counted(run.cells, 'cell')} done, ${active} running, ` +
        `${waiting} waiting${taken}${eta}${stuck}`,
    );
  }
  if (workers.length > 0) lines.push('');
  for (const { id, offer, running, done, since, isDraining } of workers) {
    const minutes = Math.max((now - since) / 60_000, 1 / 60);
    const rate = `${(done / minutes).toFixed(1)} cells a minute`;
    lines.push(
      `  ${printableText(id)}: ${running} running, ${done} done (${rate}); ${counted(offer.cpus, 'CPU')}, ` +
        `${offer.memoryMiB} MiB, ${offer.kvm ? 'KVM' : 'TCG'}${isDraining ? '; draining' : ''}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export function renderQueueJson({ server, runs, workers }: QueueState): string {
  return `${asciiJson({ schema: 1, server, runs, workers }, 2)}\n`;
}
