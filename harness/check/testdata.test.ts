// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleIn } from '../bundle/testing/bundle-in.ts';
import { renderPages } from '../memory/page-map.ts';
import { renderRange } from '../memory/phys-range.ts';
import { OWNERS } from '../model/owners.ts';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import { judgeBundle } from './judge-bundle.ts';
import type { Judgement } from './judgement.ts';

const TESTDATA = join(import.meta.dirname, '../testdata');
const ROW_PAGES = 64;

/** A judgement as `yields.txt` has it. */
function renderYield({ policy, prediction, verdict, invariants }: Judgement): string {
  const symbols = prediction?.pages.map(({ owner }) => OWNERS[owner].symbol).join('') ?? '';
  const rows = symbols.match(new RegExp(`.{${ROW_PAGES}}`, 'g')) ?? [];
  const trampoline = prediction?.trampoline;
  return [
    `verdict: ${JSON.stringify(verdict)}`,
    `policy: ${policy?.id} because ${policy?.how}`,
    `trampoline predicted: ${trampoline ? renderRange(trampoline) : 'no place'}`,
    ...rows,
    ...invariants.map(({ id, outcome, why, pages }) =>
      [id, outcome, why, ...renderPages(pages)].join(' | '),
    ),
    '',
  ].join('\n');
}

describe('a captured cell', () => {
  const names = readdirSync(TESTDATA).filter((name) =>
    existsSync(join(TESTDATA, name, 'cell.json')),
  );

  it.each(names)('yields what it must: %s', async (name) => {
    const bundle = bundleIn(join(TESTDATA, name));
    const judgement = judgeBundle(bundle, digestOf(wholeDump()));
    await expect(renderYield(judgement)).toMatchFileSnapshot(join(TESTDATA, name, 'yields.txt'));
  });
});
