// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { MachineRecord, Outcome } from '../bundle/cell-record.ts';
import { requireOwnFirmware } from './run-cell.ts';

const SAVED = { kind: 'saved', key: 'abc' } as const;
const FRESH = { kind: 'fresh', why: 'asked for' } as const;

const ended = (phase: 'firmware' | 'boot'): Outcome => {
  return { kind: 'machine-ended', phase, cause: 'guest-reset', lastLines: [] };
};
const overrun: Outcome = {
  kind: 'overrun',
  phase: 'firmware',
  budgetMs: 1,
  silentMs: 1,
  lastLines: [],
};

/** What is said of a cell that ended so, and how often its firmware was told. */
function said(outcome: Outcome, record: MachineRecord['firmware']): [string, number] {
  let failures = 0;
  const failed = (): void => {
    failures += 1;
  };
  try {
    requireOwnFirmware(outcome, { record, failed });
    return ['nothing', failures];
  } catch (error) {
    return [String(error), failures];
  }
}

describe('a machine whose kernel never spoke', () => {
  it.each([ended('firmware'), overrun])(
    'shows nothing if it went on from a saved firmware',
    (outcome) => {
      const why = 'the machine went on from the saved firmware abc';
      expect(said(outcome, SAVED)).toEqual([
        `FirmwareError: Cannot tell why no kernel spoke: ${why}`,
        1,
      ]);
    },
  );

  it('shows what its kernel did if it booted its own firmware', () => {
    expect(said(ended('firmware'), FRESH)).toEqual(['nothing', 0]);
  });
});

it('blames no saved firmware for what comes after the first line of a kernel', () => {
  expect(said(ended('boot'), SAVED)).toEqual(['nothing', 0]);
  const infra = { kind: 'infra', phase: 'firmware', code: 'E_QMP', message: '' } as const;
  expect(said({ kind: 'completed', cause: 'guest-reset' }, SAVED)).toEqual(['nothing', 0]);
  expect(said({ ...infra, phase: null }, SAVED)).toEqual(['nothing', 0]);
});
