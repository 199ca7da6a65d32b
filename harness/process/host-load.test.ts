// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readHostLoad, readProcessLoad, stallOf, stealOf } from './host-load.ts';

/** /proc/pressure/memory of a machine with 24 GiB; Documentation/accounting/psi.rst has the form. */
const PRESSURE = `some avg10=66.60 avg60=79.74 avg300=91.17 total=1389061819
full avg10=0.00 avg60=0.00 avg300=0.00 total=25
`;

it('reads how long tasks waited', () => {
  expect(stallOf(PRESSURE, 'some')).toBe(1_389_061_819);
  expect(stallOf(PRESSURE, 'full')).toBe(25);
  expect(stallOf('', 'some')).toBeNull();
});

it('reads what a hypervisor took', () => {
  expect(stealOf('cpu  270458 0 47244 25266 296 0 179 833 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n')).toBe(
    8_330_000,
  );
  expect(stealOf('cpu0 1 2 3 4 5 6 7 8 9 10\n')).toBeNull();
});

it('knows this host', () => {
  const { availableMiB, steal } = readHostLoad();
  expect(availableMiB).toBeGreaterThan(0);
  expect(steal).toBeGreaterThanOrEqual(0);
});

it('tells a process that runs from one that waits for nothing', async () => {
  const busy = spawn('sh', ['-c', 'while :; do :; done']);
  const idle = spawn('sleep', ['60']);
  try {
    await delay(500);
    const [ran, slept] = [busy, idle].map(({ pid }) => readProcessLoad(pid ?? 0));
    expect((ran?.ran ?? 0) + (ran?.waited ?? 0)).toBeGreaterThan(250_000_000);
    expect((slept?.ran ?? 0) + (slept?.waited ?? 0)).toBeLessThan(250_000_000);
  } finally {
    busy.kill('SIGKILL');
    idle.kill('SIGKILL');
  }
  expect(readProcessLoad(2 ** 22 + 1)).toBeNull();
});
