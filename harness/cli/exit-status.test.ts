// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { ENDS, type End, endOfCode, firstEnd } from '../ends.ts';
import * as errors from '../errors.ts';
import { exitStatus, isBisectRun } from './exit-status.ts';

/** Every end, as git and everybody else is told of it. */
it.each<{ end: End; status: number; bisect: number }>([
  { end: 'done', status: 0, bisect: 0 },
  { end: 'broken', status: 1, bisect: 1 },
  { end: 'usage', status: 64, bisect: 192 },
  { end: 'data', status: 65, bisect: 125 },
  { end: 'unjudged', status: 69, bisect: 125 },
  { end: 'host', status: 69, bisect: 197 },
  { end: 'bug', status: 70, bisect: 198 },
  { end: 'interrupted', status: 130, bisect: 130 },
])('$end is $status, and $bisect for git bisect run', ({ end, status, bisect }) => {
  expect(exitStatus(end, { isBisectRun: false, signal: null })).toBe(status);
  expect(exitStatus(end, { isBisectRun: true, signal: null })).toBe(bisect);
});

it('is a verdict for git only where there is one: anything else is 125 or stops it', () => {
  const others = (Object.keys(ENDS) as End[]).filter((end) => !['done', 'broken'].includes(end));
  const told = others.map((end) => exitStatus(end, { isBisectRun: true, signal: null }));
  expect(told.filter((status) => status !== 125 && (status < 128 || status > 255))).toEqual([]);
});

it.each([
  { signal: 1, status: 129 },
  { signal: 2, status: 130 },
  { signal: 15, status: 143 },
])('is $status after signal $signal', ({ signal, status }) => {
  expect(exitStatus('interrupted', { isBisectRun: false, signal })).toBe(status);
  expect(exitStatus('interrupted', { isBisectRun: true, signal })).toBe(status);
  // What ended before the signal could end it keeps its own.
  expect(exitStatus('broken', { isBisectRun: false, signal })).toBe(1);
});

it("is that of a guest's command as it is", () => {
  expect(exitStatus(3, { isBisectRun: false, signal: null })).toBe(3);
});

it.each([
  { args: 'check --bisect-run', is: true },
  { args: 'check x --cpus 2 --bisect-run', is: true },
  { args: 'check x', is: false },
  { args: 'shell --kernel x -- check --bisect-run', is: false },
  { args: 'check -- --bisect-run', is: false },
  { args: '', is: false },
])('tells whether "$args" is of a bisection: $is', ({ args, is }) => {
  expect(isBisectRun(args.split(' '))).toBe(is);
});

it('knows how every error ends a command', () => {
  const thrown = Object.entries(errors.ERROR_CLASSES).map(([name]) => name);
  const classes = Object.entries(errors).filter(
    ([name, value]) =>
      name.endsWith('Error') && name !== 'Sub1mError' && typeof value === 'function',
  );
  expect(thrown.toSorted()).toEqual(
    classes
      .map(([name]) => name)
      .filter((name) => name !== 'fromSystemError')
      .toSorted(),
  );
  expect(new errors.UsageError('').exitCode).toBe(64);
  expect(new errors.UnsupportedFormatError('').exitCode).toBe(65);
  expect(new errors.BuildError('').end).toBe('unjudged');
  expect(new errors.HostError('').end).toBe('host');
  expect(new errors.InterruptedError('').exitCode).toBe(130);
  expect([errors.codeOf(new RangeError()), endOfCode('E_BUG')]).toEqual(['E_BUG', 'bug']);
});

it('takes of several ends the one that decides', () => {
  expect(firstEnd([])).toBe('done');
  expect(firstEnd(['unjudged', 'done', 'broken', 'bug'])).toBe('broken');
  expect(firstEnd(['host', 'unjudged', 'bug'])).toBe('bug');
  expect(firstEnd(['broken', 'interrupted'])).toBe('interrupted');
});
