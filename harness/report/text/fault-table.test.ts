// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { renderFaultTable } from './fault-table.ts';

const STYLE = { colour: false, width: 78 };

it('shows for each seeded fault and kernel what caught it, or what should have', () => {
  const fault = { name: 'page-0-released', caughtBy: ['lowmem.page0-kept'] };
  const caught = judgedCell({
    axes: { kernel: ['recipe:plain-6.12+faults/page-0-released'] },
    judgement: { fault: { ...fault, caught: ['lowmem.page0-kept'] } },
  });
  const missed = judgedCell({ judgement: { fault: { ...fault, name: 'late', caught: [] } } });
  const verdict = { kind: 'unjudged', code: 'E_HOST', why: '' } as const;
  const untold = judgedCell({
    judgement: { verdict, fault: { ...fault, name: 'untold', caught: [] } },
  });
  expect(renderFaultTable([judgedCell(), caught, missed, untold], STYLE)).toEqual([
    'seeded fault     kernel       caught by',
    'page-0-released  plain-6.12   lowmem.page0-kept',
    'late             debian:6.12  missed: expected lowmem.page0-kept, nothing was broken',
    'untold           debian:6.12  could not be judged',
  ]);
});

it('is nothing in a run without seeded faults', () => {
  expect(renderFaultTable([judgedCell()], STYLE)).toEqual([]);
});
