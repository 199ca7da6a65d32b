// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { sha256 } from '../process/file-hash.ts';
import { whyNobody } from './ask.ts';
import { fits } from './offer.ts';
import type { RegisteredWorker } from './registry.ts';
import { NEEDS, OFFER, VERSIONS } from './testing/asked-cells.ts';

const WORKER: RegisteredWorker = {
  id: 'w',
  versions: VERSIONS,
  offer: { machines: 2, cpus: 2, memoryMiB: 4096, kvm: false },
  since: 0,
  running: 0,
  done: 0,
  isDraining: false,
};

it.each([
  { what: 'a worker has room', needs: [NEEDS], workers: [WORKER], why: 'nobody' },
  { what: 'there is none', needs: [NEEDS], workers: [], why: 'there is no worker; ' },
  {
    what: 'all are of another sub1m',
    needs: [NEEDS],
    workers: [{ ...WORKER, versions: { ...VERSIONS, model: sha256('other') } }],
    why: 'no worker is of sub1m 0.1.0',
  },
  {
    what: 'one cell needs KVM',
    needs: [NEEDS, { ...NEEDS, kvm: true }],
    workers: [WORKER],
    why: 'no worker has room for a machine of 1 CPUs and 512 MiB with KVM',
  },
  {
    what: 'one cell is too large for each',
    needs: [{ ...NEEDS, memoryMiB: 4000 }],
    workers: [WORKER, WORKER],
    why: 'no worker has room for a machine of 1 CPUs and 4000 MiB;',
  },
])('says why nobody runs a cell where $what', ({ needs, workers, why }) => {
  expect(whyNobody(needs, workers, VERSIONS) ?? 'nobody').toContain(why);
});

it.each([
  { running: [], isThere: true },
  { running: [NEEDS], isThere: true },
  { running: [NEEDS, NEEDS], isThere: false },
  { running: [{ ...NEEDS, cpus: 2 }], isThere: false },
  { running: [{ ...NEEDS, memoryMiB: 3000 }], isThere: false },
])('has room beside $running: $isThere', ({ running, isThere }) => {
  expect(fits(NEEDS, WORKER.offer, running)).toBe(isThere);
  expect(fits(NEEDS, { ...OFFER, machines: 9 }, running)).toBe(true);
});
