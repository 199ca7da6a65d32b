// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleIn } from '../bundle/testing/bundle-in.ts';
import { renderPages } from '../memory/page-map.ts';
import { judgeBundle } from './judge-bundle.ts';

const OLD_BUNDLES = join(import.meta.dirname, '../testdata/old-bundles');

/** A `verdict.json` of schema 1: what does not apply is `unseen` in it, too. */
interface OldVerdict {
  readonly policy: object | null;
  readonly verdict: object;
  readonly invariants: readonly { readonly id: string; readonly outcome: string }[];
}

it.each(['5.10-locked', '6.12-ownership', '6.12-boot-failure'])(
  'gives the bundle %s the verdict that the sub1m gave that ran it',
  async (name) => {
    const folder = join(OLD_BUNDLES, name);
    const { policy, verdict, invariants } = judgeBundle(bundleIn(folder), undefined);
    const text = await readFile(join(folder, 'verdict.json'), 'utf8');
    const old = JSON.parse(text) as OldVerdict;
    const known = new Set(old.invariants.map(({ id }) => id));
    const found = invariants
      .filter(({ id }) => known.has(id))
      .map(({ pages, outcome, ...rest }) => ({
        ...rest,
        pages: renderPages(pages),
        outcome: outcome === 'not-asked' ? 'unseen' : outcome,
      }));
    expect({ policy, verdict }).toEqual({ policy: old.policy, verdict: old.verdict });
    expect(found).toEqual(old.invariants);
  },
);
