// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { PhasePressure } from '../../bundle/cell-record.ts';
import { judgeBundle } from '../judge-bundle.ts';
import { buildBundle, ended, overran } from '../testing/bundle-builder.ts';

const ROOM: PhasePressure = {
  cpu: 1,
  memory: 0,
  io: 0.2,
  steal: 0,
  waited: 0.3,
  machines: 2,
  availableMiB: 900,
};

const BOOTING = '[ 0.0] Linux version 6.12\n';

/** The verdict on a kernel that is silent until phase boot has overrun, on a host with this pressure. */
function verdictUnder(
  pressure: Partial<PhasePressure>,
  console = BOOTING,
  outcome = overran('boot', 60_000),
) {
  const bundle = buildBundle({ outcome, files: { 'console.log': console } });
  const record = { ...bundle.cell, pressure: { boot: { ...ROOM, ...pressure } } };
  return judgeBundle({ ...bundle, cell: record }, undefined).verdict;
}

describe('a boot that is not over in time, the console being silent', () => {
  it('is the fault of the kernel on a host that has room, however busy it is', () => {
    expect(verdictUnder({}).kind).toBe('boot-failure');
    expect(verdictUnder({ waited: null, steal: null, memory: null, io: null }).kind).toBe(
      'boot-failure',
    );
  });

  it.each<[keyof PhasePressure, RegExp]>([
    [
      'waited',
      /^The host was too busy in phase boot: QEMU waited for a processor 80 % of the time/,
    ],
    ['steal', /: a hypervisor had taken the processors 80 %/],
    ['memory', /: all waited for memory 80 %/],
    ['io', /: all waited for a disk 80 %/],
  ])('is the fault of a host that lacks %s', (need, why) => {
    const verdict = verdictUnder({ [need]: 0.8 });
    expect(verdict).toMatchObject({ kind: 'unjudged', code: 'E_HOST' });
    expect(verdict.kind === 'unjudged' && verdict.why).toMatch(why);
  });

  it('is the fault of a kernel that has shown damage, on any host', () => {
    const damaged = `${BOOTING}[ 1.0] list_del corruption. prev->next should be ffff, but was 0\n`;
    expect(verdictUnder({ waited: 0.9 }, damaged).kind).toBe('boot-failure');
  });
});

it('a kernel that ends its machine is at fault on any host', () => {
  expect(verdictUnder({ waited: 0.9 }, BOOTING, ended('boot')).kind).toBe('boot-failure');
});
