// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { meetsCondition, parseKernelCondition } from './kernel-condition.ts';

function meets(condition: string, release: string): boolean {
  const parsed = parseKernelCondition(condition);
  if (!parsed) throw new Error(`A condition wanted: ${condition}`);
  return meetsCondition(parsed, release);
}

describe('meetsCondition', () => {
  it.each([
    {
      condition: '5.10',
      met: ['5.10.0-32-cloud-amd64', '5.10', '5.10.251'],
      unmet: ['5.1.0', '5.100.1', '5.9.16', '5.11.0', '6.10.0'],
    },
    { condition: '5.1', met: ['5.1.21'], unmet: ['5.10.0-32-amd64'] },
    { condition: '6', met: ['6.0.1', '6.12.43+deb12-amd64'], unmet: ['5.19.0', '60.1', '7.0.0'] },
    {
      condition: '6.12.43',
      met: ['6.12.43+deb12-cloud-amd64'],
      unmet: ['6.12.4', '6.12.430', '6.12.44', '6.12'],
    },
    {
      condition: '5.10..6.1',
      met: ['5.10.0-32-amd64', '5.19.17', '6.0.0', '6.1.0-40-amd64', '6.1.158'],
      unmet: ['5.9.16', '5.1.0', '6.2.0', '6.10.3', '4.19.0'],
    },
    { condition: '6.1.5..6.1', met: ['6.1.5', '6.1.158'], unmet: ['6.1.4', '6.2.0'] },
    { condition: '6.1..6.1.5', met: ['6.1.0', '6.1.5-x'], unmet: ['6.1.6', '6.0.9'] },
    { condition: '5.13..', met: ['5.13.0', '7.3.4-amd64'], unmet: ['5.12.19'] },
    { condition: '..5.4', met: ['5.4.300', '4.19.0-27-amd64'], unmet: ['5.5.0', '5.40.1'] },
    { condition: '6.12', met: ['6.12-rc3', '6.12.0-rc3+'], unmet: ['6.13-rc1'] },
    { condition: '6.12.1..', met: ['6.12.1'], unmet: ['6.12-rc3'] },
    { condition: '0..', met: ['2.6.32-5-amd64'], unmet: ['next-20261122', '', 'v6.12'] },
  ])('$condition is met by $met alone', ({ condition, met, unmet }) => {
    expect([...met, ...unmet].filter((release) => meets(condition, release))).toEqual(met);
  });
});

describe('parseKernelCondition', () => {
  it.each([
    '',
    '..',
    '5.10.',
    '.10',
    '5.10...6.1',
    '5.10..6.1..6.2',
    '5.10-6.1',
    'v5.10',
    '5.10.x',
    ' 5.10',
    '5.10\n',
    '6.1..5.10',
    '6.1.5..6.1.4',
  ])('refuses "%s"', (text) => {
    expect(parseKernelCondition(text)).toBeUndefined();
  });
});
