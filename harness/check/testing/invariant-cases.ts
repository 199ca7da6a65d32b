// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { digestOf, wholeDump } from '../../vmcore/testing/flattened-builder.ts';
import { type BundleSpec, buildBundle } from './bundle-builder.ts';
import type { InvariantId } from '../invariants/invariants.ts';
import { judgeBundle } from '../judge-bundle.ts';
import type { InvariantOutcome } from '../judgement.ts';
import { renderPages } from '../../memory/page-map.ts';

/** What a bundle shows of one invariant. */
interface Case {
  readonly id: InvariantId;
  readonly when: string;
  readonly bundle: BundleSpec;
  readonly vmcore?: Uint8Array | null;
  readonly outcome: InvariantOutcome['outcome'];
  readonly why: string;
  readonly pages?: readonly string[];
  /** Where it matters which. */
  readonly evidence?: string;
  readonly shownBy?: string;
}

/** Tests each case. */
export function itShows(cases: readonly Case[]): void {
  it.each(cases)('$id is $outcome when $when', ({ id, bundle, ...wanted }) => {
    const { vmcore = wholeDump(), outcome, why, pages = [] } = wanted;
    const evidence = wanted.evidence === undefined ? {} : { evidence: wanted.evidence };
    const shownBy = wanted.shownBy === undefined ? {} : { shownBy: wanted.shownBy };
    const source = vmcore ? digestOf(vmcore) : undefined;
    const { invariants } = judgeBundle(buildBundle(bundle), source);
    const found = invariants.find((invariant) => invariant.id === id);
    const shown = found && { ...found, pages: renderPages(found.pages) };
    expect(shown).toMatchObject({ outcome, why, pages, ...evidence, ...shownBy });
  });
}

/** Tests each case, and that each of their invariants is seen kept, broken and not at all. */
export function itFinds(cases: readonly Case[]): void {
  itShows(cases);
  it.each([...new Set(cases.map(({ id }) => id))])('%s has a case of each kind', (id) => {
    const outcomes = cases.filter((row) => row.id === id).map(({ outcome }) => outcome);
    const kinds = outcomes.map((outcome) => (outcome === 'not-asked' ? 'unseen' : outcome));
    expect(new Set(kinds)).toEqual(new Set(['kept', 'broken', 'unseen']));
  });
}
