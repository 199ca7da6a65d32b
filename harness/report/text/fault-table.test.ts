// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { renderFaultTable } from './fault-table.ts';

const STYLE = { colour: false, width: 78 };

it('shows for each seeded fault what caught it, or what should have', () => {
  const fault = { name: 'page-0-released', caughtBy: ['lowmem.page0-kept'] };
  const caught = judgedCell({ judgement: { fault: { ...fault, caught: ['lowmem.page0-kept'] } } });
  const missed = judgedCell({ judgement: { fault: { ...fault, name: 'late', caught: [] } } });
  const verdict = { kind: 'unjudged', code: 'E_HOST', why: '' } as const;
  const untold = judgedCell({
    judgement: { verdict, fault: { ...fault, name: 'untold', caught: [] } },
  });
  expect(renderFaultTable([judgedCell(), caught, missed, untold], STYLE)).toEqual([
    'seeded fault     caught by',
    'page-0-released  lowmem.page0-kept',
    'late             missed: expected lowmem.page0-kept, nothing was broken',
    'untold           could not be judged',
  ]);
});

it('is nothing in a run without seeded faults', () => {
  expect(renderFaultTable([judgedCell()], STYLE)).toEqual([]);
});
