// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { RunState } from './queue-state.ts';
import { queueView } from './queue-view.ts';
import type { RegisteredWorker } from './registry.ts';
import { NEEDS, OFFER, VERSIONS } from './testing/asked-cells.ts';

const RUN: RunState = {
  key: 'run-1',
  name: 'nightly',
  versions: VERSIONS,
  priority: 10,
  cells: 100,
  put: 100,
  since: 0,
  queues: [{ name: 'q', needs: NEEDS }],
  counts: { waiting: 70, active: 5, answered: 2 },
};

const WORKER: RegisteredWorker = {
  id: 'w',
  versions: VERSIONS,
  offer: OFFER,
  since: 60_000,
  running: 5,
  done: 10,
  isDraining: false,
};

const viewOf = (run: Partial<RunState>, workers: readonly RegisteredWorker[] = [WORKER]) =>
  queueView({ server: 's', runs: [{ ...RUN, ...run }], workers }, 300_000);

it('says how many cells are where, how fast they go, and how long it will take', () => {
  const view = viewOf({});
  expect(view).toMatchObject({ waiting: 70, running: 5 });
  expect(view.runs).toMatchObject([
    { done: 25, answered: 2, cellsPerMinute: 5, secondsLeft: 900, stuck: null },
  ]);
  expect(view.workers).toMatchObject([{ id: 'w', cellsPerMinute: 2.5, draining: false }]);
});

it('counts those as waiting that are not put yet', () => {
  const counts = { waiting: 20, active: 5, answered: 0 };
  expect(viewOf({ put: 50, counts }).runs).toMatchObject([{ done: 25, running: 5, waiting: 70 }]);
});

const counts = { waiting: 100, active: 0, answered: 0 };

it.each([
  { what: 'there is no worker', run: { counts }, workers: [], stuck: 'there is no worker; ' },
  {
    what: 'no worker can run them',
    run: { queues: [{ name: 'q', needs: { ...NEEDS, kvm: true } }] },
    workers: [WORKER],
    stuck: 'with KVM; ',
  },
  { what: 'nobody takes them', run: { counts }, workers: [WORKER], stuck: 'nothing runs: ' },
])('says that a run is stuck, where $what', ({ run, workers, stuck }) => {
  expect(viewOf(run, workers).runs[0]?.stuck).toContain(stuck);
});

it('knows no rate of a run of which nothing is done, nor waits for one of which all is', () => {
  const of = (waiting: number) =>
    viewOf({ counts: { waiting, active: 0, answered: 0 } }).runs[0]?.secondsLeft;
  expect([of(100), of(0)]).toEqual([null, 0]);
});
