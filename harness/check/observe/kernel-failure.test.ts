// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Outcome, Phase } from '../../bundle/cell-record.ts';
import { SURPRISE_NAMES, type Surprise } from '../../surprises.ts';
import { buildEvidence, ended, overran, refused } from '../testing/bundle-builder.ts';
import { findKernelFailure } from './kernel-failure.ts';

const SYSTEM = '[ 0.0] Linux version 6.12\n';
const PANIC = '[ 5.9] Kernel panic - not syncing: sysrq triggered crash\n';
const CAPTURE = `${SYSTEM}${PANIC}${SYSTEM}`;
const OOPS = '[ 1.0] list_del corruption. prev->next should be ffff, but was 0\n';
const INIT = '[ 2.9] Run /init as init process\n';

/** What the console has at each phase's end, if nothing goes wrong. */
const HEARD: Readonly<Record<Phase, string>> = {
  firmware: SYSTEM,
  boot: SYSTEM,
  observe: SYSTEM + INIT,
  load: SYSTEM + INIT,
  trigger: SYSTEM + INIT + PANIC,
  capture: CAPTURE,
  dump: CAPTURE + INIT,
  off: CAPTURE + INIT,
};

function surprised(phase: Phase, surprise: Surprise): Outcome {
  return { kind: 'surprise', phase, surprise, why: 'Cannot follow the guest', lastLines: [] };
}

function whereOf(outcome: Outcome, console: string): string | null {
  const spec = { crashkernel: '256M' };
  const evidence = buildEvidence({ spec, outcome, files: { 'console.log': console } });
  return findKernelFailure(evidence)?.where ?? null;
}

const SILENT = 60_000;

describe('the kernel is at fault', () => {
  /** Where, if the machine ends; if the phase is not over and the console is silent. */
  it.each<[Phase, string, string | null]>([
    ['firmware', 'boot', 'boot'],
    ['boot', 'boot', 'boot'],
    ['observe', 'running', null],
    ['load', 'running', null],
    ['trigger', 'crash', 'crash'],
    ['capture', 'capture', 'capture'],
    ['dump', 'capture', null],
    ['off', 'running', null],
  ])('in phase %s at %s if the machine ends, and at %s if it is silent', (phase, end, silence) => {
    expect(whereOf(ended(phase), HEARD[phase])).toBe(end);
    expect(whereOf(overran(phase, SILENT), HEARD[phase])).toBe(silence);
    expect(whereOf(overran(phase, 1000), HEARD[phase])).toBeNull();
  });

  it.each<[Phase, string]>([
    ['firmware', 'boot'],
    ['boot', 'boot'],
    ['observe', 'running'],
    ['load', 'running'],
    ['capture', 'capture'],
    ['dump', 'capture'],
    ['off', 'running'],
  ])('in phase %s at %s if it is damaged, whatever ends the phase', (phase, where) => {
    const damaged = HEARD[phase] + OOPS;
    const garbage = surprised(phase, 'garbage');
    for (const outcome of [overran(phase, 0), refused(phase), garbage]) {
      expect(whereOf(outcome, damaged)).toBe(where);
      expect(whereOf(outcome, HEARD[phase])).toBeNull();
    }
  });

  it.each<[Surprise, boolean]>([
    ['other-agent', false],
    ['other-kernel', true],
    ['second-hello', true],
    ['other-answer', false],
    ['garbage', false],
    ['no-vmcore', true],
  ])('for the surprise %s: %s', (surprise, isAtFault) => {
    const where = whereOf(surprised('capture', surprise), HEARD.capture);
    expect(where).toBe(isAtFault ? 'capture' : null);
  });

  it('has a row for every surprise', () => {
    expect(SURPRISE_NAMES).toHaveLength(6);
  });

  it('if it does not let the agent have the vmcore, but not if the disk fails', () => {
    const say = (why: string): Outcome => ({ kind: 'refused', phase: 'dump', why, lastLines: [] });
    expect(whereOf(say('cannot map the vmcore: errno 14'), HEARD.dump)).toBe('capture');
    expect(whereOf(say('cannot write the disk: errno 5'), HEARD.dump)).toBeNull();
  });

  it('not if the agent left with a status of its own, but if it was killed', () => {
    const killed = (code: string, before = ''): string =>
      `${SYSTEM}${before}Kernel panic - not syncing: Attempted to kill init! exitcode=0x${code}\n`;
    expect(whereOf(ended('boot'), killed('00000100'))).toBeNull();
    expect(whereOf(ended('boot'), killed('0000000b'))).toBe('boot');
    expect(whereOf(ended('boot'), killed('00000100', OOPS))).toBe('boot');
  });

  it('not if a timer of the machine was lost, but if it is damaged, too', () => {
    const stall =
      "rcu: rcu_preempt kthread timer wakeup didn't happen for 5235 jiffies! g-1115 f0x0\n";
    const silent = overran('boot', SILENT);
    expect(whereOf(silent, SYSTEM)).toBe('boot');
    expect(whereOf(silent, SYSTEM + stall)).toBeNull();
    expect(whereOf(silent, SYSTEM + stall + OOPS)).toBe('boot');
  });

  it('not if the host failed, or nothing was heard of it', () => {
    const infra = { kind: 'infra', phase: 'boot', code: 'E_HOST', message: '' } as const;
    expect(whereOf(infra, SYSTEM + OOPS)).toBeNull();
    expect(whereOf(ended('firmware'), 'UEFI')).toBeNull();
    expect(whereOf({ kind: 'completed', cause: 'guest-reset' }, SYSTEM + OOPS)).toBeNull();
  });
});

it.each([
  ['the panic', `${SYSTEM}${OOPS}[ 2.0] Kernel panic - not syncing: b\nend\n`, 'syncing: b'],
  ['else the first sign of damage', `${SYSTEM}${OOPS}[ 2.0] BUG: Bad page\nend\n`, 'list_del'],
  ['else the last line', `${SYSTEM}[ 2.0] X\n`, '[ 2.0] X'],
])('a failure tells %s', (_what, console, line) => {
  const evidence = buildEvidence({ outcome: ended('boot'), files: { 'console.log': console } });
  expect(findKernelFailure(evidence)?.lastLine).toContain(line);
});
