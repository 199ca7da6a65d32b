// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HostPressure, waitedShare } from './host-pressure.ts';

it('sees a machine that has to share a processor, and one that wants none', async () => {
  using pressure = new HostPressure();
  pressure.enter('firmware');
  // Three busy loops on one processor: each has a third of it.
  const loops = Array.from({ length: 3 }, () =>
    spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']),
  );
  try {
    pressure.watch(loops[0]?.pid ?? 0);
    pressure.enter('boot');
    await delay(1500);
    const { boot } = pressure.record();
    expect(boot?.waited).toBeGreaterThan(0.4);
    expect(boot?.waited).toBeLessThanOrEqual(1);
    expect(boot?.machines).toBe(1);
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
});

it('keeps what it has seen of a machine that is gone', async () => {
  using pressure = new HostPressure();
  using other = new HostPressure();
  other.enter('firmware');
  const busy = spawn('sh', ['-c', 'while :; do :; done']);
  pressure.watch(busy.pid ?? 0);
  pressure.enter('off');
  await delay(1200);
  busy.kill('SIGKILL');
  await delay(200);
  const { off } = pressure.record();
  expect(off?.machines).toBe(2);
  expect(off?.waited).not.toBeNull();
});

it.each([
  { what: 'one that has a third of a processor', ran: 30e9, waited: 60e9, share: 0.667 },
  { what: 'one that hardly ever got any', ran: 1e9, waited: 89e9, share: 0.989 },
  { what: 'one that is halted on a busy host', ran: 0.5e9, waited: 5e9, share: 0 },
])('tells in 90 s how much of what it wanted a machine lacked: $what', ({ ran, waited, share }) => {
  expect(waitedShare({ ran, waited }, 90_000)).toBe(share);
});
