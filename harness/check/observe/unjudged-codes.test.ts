// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { unjudgedRow } from './unjudged-codes.ts';

it.each([
  { code: 'E_EVIDENCE', isOtherMachine: false, mayPass: false, isRunAgain: false },
  { code: 'E_PERSONALITY', isOtherMachine: true, mayPass: false, isRunAgain: false },
  { code: 'E_INPUT', isOtherMachine: true, mayPass: true, isRunAgain: true },
  { code: 'E_FIRMWARE', isOtherMachine: true, mayPass: true, isRunAgain: true },
  { code: 'E_EMULATOR', isOtherMachine: true, mayPass: true, isRunAgain: true },
  { code: 'E_TIMER', isOtherMachine: false, mayPass: true, isRunAgain: true },
  { code: 'E_DEADLINE', isOtherMachine: false, mayPass: true, isRunAgain: false },
  { code: 'constructor', isOtherMachine: false, mayPass: true, isRunAgain: false },
])('a cell with $code: another machine $isOtherMachine, run again $isRunAgain', (row) => {
  const { code, ...said } = row;
  expect(unjudgedRow(code)).toEqual(said);
});
