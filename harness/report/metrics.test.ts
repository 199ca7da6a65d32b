// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import type { QueueView } from '../queue/queue-view.ts';
import { queueMetrics, serveMetrics, workerMetrics } from './metrics.ts';

const RUN = {
  name: 'night "1"',
  priority: 10,
  cells: 9,
  done: 5,
  running: 1,
  waiting: 3,
  answered: 2,
  since: 0,
  cellsPerMinute: 2,
  secondsLeft: 120,
  stuck: 'there is no worker',
};
const VIEW: QueueView = { server: 's', waiting: 3, running: 1, runs: [RUN], workers: [] };

/** The samples of ours that a server gives. */
async function samplesOf(url: string): Promise<string[]> {
  const text = await (await fetch(url)).text();
  return text.split('\n').filter((line) => line.startsWith('sub1m_'));
}

it('serves what a queue has now, and forgets what is over', async () => {
  let view = VIEW;
  await using server = await serveMetrics(
    0,
    queueMetrics(() => Promise.resolve(view)),
  );
  expect(await samplesOf(server.url)).toEqual([
    'sub1m_queue_cells{run="night \\"1\\"",state="waiting"} 3',
    'sub1m_queue_cells{run="night \\"1\\"",state="running"} 1',
    'sub1m_queue_cells{run="night \\"1\\"",state="done"} 5',
    'sub1m_queue_cells{run="night \\"1\\"",state="answered"} 2',
    'sub1m_queue_stuck{run="night \\"1\\""} 1',
    'sub1m_queue_seconds_left{run="night \\"1\\""} 120',
    'sub1m_queue_workers{draining="true"} 0',
    'sub1m_queue_workers{draining="false"} 0',
    'sub1m_queue_machines 0',
  ]);
  view = { ...VIEW, runs: [] };
  expect((await samplesOf(server.url)).filter((line) => line.includes('run='))).toEqual([]);
});

it('counts what a worker does', async () => {
  const { registry, onEvent } = workerMetrics();
  await using server = await serveMetrics(0, registry);
  const which = { run: 'r', job: 'j' };
  for (const end of ['bundle', 'lost', 'bundle'] as const) {
    onEvent({ kind: 'begin', ...which });
    onEvent({ kind: 'off', ...which });
    onEvent({ kind: 'end', ...which, end, seconds: 4 });
  }
  onEvent({ kind: 'begin', ...which });
  onEvent({ kind: 'begin', ...which });
  onEvent({ kind: 'off', ...which });
  expect(await samplesOf(server.url)).toEqual(
    expect.arrayContaining([
      'sub1m_worker_cells_running 2',
      'sub1m_worker_machines_running 1',
      'sub1m_worker_cells_total{end="bundle"} 2',
      'sub1m_worker_cells_total{end="lost"} 1',
      'sub1m_worker_cell_seconds_bucket{le="2"} 0',
      'sub1m_worker_cell_seconds_bucket{le="5"} 3',
    ]),
  );
});

it('says that it cannot look, and has nothing else to give', async () => {
  const away = queueMetrics(() => Promise.reject(new Error('the queue is away')));
  await using server = await serveMetrics(0, away);
  const answer = await fetch(server.url);
  expect([answer.status, await answer.text()]).toEqual([503, 'the queue is away\n']);
  expect((await fetch(server.url.replace('metrics', ''))).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(404);
});

it('refuses a port that is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(serveMetrics(port, workerMetrics().registry)).rejects.toThrow(UsageError);
  other.close();
});
