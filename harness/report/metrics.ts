// SPDX-License-Identifier: MIT
import { type Server, createServer } from 'node:http';
import { once } from 'node:events';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { UsageError, messageOf } from '../errors.ts';
import type { QueueView } from '../queue/queue-view.ts';
import type { WorkerEvent } from '../queue/worker-options.ts';

/** Metrics that Prometheus can fetch, until they are disposed of. */
export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
}

/** Serves metrics on the loopback address alone. Throws `UsageError` if the port is taken; 0 is any that is free. */
export async function serveMetrics(port: number, registry: Registry): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end('Expected GET /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(503).end(`${messageOf(error)}\n`),
    );
  });
  await listenOn(server, port);
  const address = server.address();
  const bound = typeof address === 'object' ? (address?.port ?? port) : port;
  return {
    url: `http://127.0.0.1:${bound}/metrics`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listenOn(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    throw new UsageError(
      `Cannot serve metrics: expected a free port on 127.0.0.1, found ${messageOf(error)}; give --metrics another`,
      { cause: error },
    );
  }
}

/** The states of the cells of a run, by their fields. */
const STATES = ['waiting', 'running', 'done', 'answered'] as const;

/** The metrics of a queue: each time they are asked for, it is looked at. */
export function queueMetrics(look: () => Promise<QueueView>): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({
      name: `sub1m_queue_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [registry],
    });
  const cells = gauge('cells', 'Cells of a run, by where they are', ['run', 'state']);
  const stuck = gauge('stuck', '1 if nobody runs some cells of a run', ['run']);
  const left = gauge('seconds_left', 'About how long a run still takes', ['run']);
  const workers = gauge('workers', 'Workers that were heard of lately', ['draining']);
  const machines = gauge('machines', 'Machines that all workers run at a time at most');
  const rate = gauge('cells_per_minute', 'Of a worker, since it began', ['worker']);
  // The one that is asked first looks for all of them.
  const fill = async (): Promise<void> => {
    const view = await look();
    for (const one of [cells, stuck, left, workers, rate]) one.reset();
    for (const run of view.runs) {
      for (const state of STATES) cells.set({ run: run.name, state }, run[state]);
      stuck.set({ run: run.name }, run.stuck === null ? 0 : 1);
      if (run.secondsLeft !== null) left.set({ run: run.name }, run.secondsLeft);
    }
    for (const draining of [true, false]) {
      const some = view.workers.filter((worker) => worker.draining === draining);
      workers.set({ draining: String(draining) }, some.length);
    }
    machines.set(view.workers.reduce((sum, worker) => sum + worker.machines, 0));
    for (const { id, cellsPerMinute } of view.workers) rate.set({ worker: id }, cellsPerMinute);
  };
  const own = registry.metrics.bind(registry);
  registry.metrics = async () => {
    await fill();
    return own();
  };
  return registry;
}

/** The metrics of a worker, and what tells them what it does. */
export function workerMetrics(): {
  readonly registry: Registry;
  readonly onEvent: (event: WorkerEvent) => void;
} {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const running = new Gauge({
    name: 'sub1m_worker_cells_running',
    help: 'Cells that it has, until their bundles are in the store',
    registers,
  });
  const machines = new Gauge({
    name: 'sub1m_worker_machines_running',
    help: 'Of those the cells whose machines are not off',
    registers,
  });
  const cells = new Counter({
    name: 'sub1m_worker_cells_total',
    help: 'Cells that it had, by how they ended',
    labelNames: ['end'],
    registers,
  });
  const seconds = new Histogram({
    name: 'sub1m_worker_cell_seconds',
    help: 'How long it had a cell',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const onEvent = (event: WorkerEvent): void => {
    switch (event.kind) {
      case 'begin':
        running.inc();
        machines.inc();
        return;
      case 'off':
        machines.dec();
        return;
      case 'end':
        running.dec();
        cells.inc({ end: event.end });
        seconds.observe(event.seconds);
    }
  };
  return { registry, onEvent };
}
