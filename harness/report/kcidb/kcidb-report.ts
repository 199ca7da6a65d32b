// SPDX-License-Identifier: MIT
import { type JudgedCell, type RunResult } from '../../matrix/judged-cell.ts';
import { asciiJson } from '../../memory/ascii-json.ts';
import { markInvariant } from '../text/invariant-mark.ts';
import { buildOf, issueOf, kcidbId, testOf, unjudgedTest } from './kcidb-objects.ts';
import { type KcidbDocument, kcidbSchema } from './kcidb-schema.ts';

/** Who reports, unless somebody says otherwise. */
export const KCIDB_ORIGIN = 'sub1m';

/** A run as a document of KCIDB 5.3. */
export function renderKcidb(run: RunResult): string {
  return `${asciiJson(kcidbDocument(run), 2)}\n`;
}

/**
 * See `renderKcidb`: before it is text. Each kernel image is a build, each invariant of a cell a test, each known defect
 * an issue, and an incident wherever it shows or should. A kernel with a seeded fault tests sub1m, and nothing is
 * reported of it.
 */
export function kcidbDocument({ cells }: RunResult, origin: string = KCIDB_ORIGIN): KcidbDocument {
  const sound = cells.filter(({ judgement }) => judgement.fault === null);
  const builds = sound.map((cell) => buildOf(cell, origin));
  const told = sound.map((cell) => tell(cell, origin));
  return kcidbSchema.parse({
    version: { major: 5, minor: 3 },
    checkouts: once(builds.map(({ checkout }) => checkout)),
    builds: once(builds.map(({ build }) => build)),
    tests: told.flatMap(({ tests }) => tests),
    issues: once(told.flatMap(({ issues }) => issues)),
    incidents: told.flatMap(({ incidents }) => incidents),
  });
}

type Told = Pick<KcidbDocument, 'tests' | 'issues' | 'incidents'>;

function tell(cell: JudgedCell, origin: string): Told {
  const { invariants, verdict } = cell.judgement;
  const tests = invariants.map((invariant) => testOf(invariant, cell, origin));
  const defects = invariants.flatMap((invariant, nr) => {
    const mark = markInvariant(invariant, verdict);
    const test = tests[nr];
    if ((mark !== 'known' && mark !== 'gone') || !invariant.known || !test) return [];
    const issue = issueOf(invariant.known.reference, origin);
    const incident = {
      id: kcidbId(origin, 'incident', test.id, issue.id),
      origin,
      issue_id: issue.id,
      issue_version: issue.version,
      test_id: test.id,
      present: mark === 'known',
    };
    return [{ issue, incident }];
  });
  return {
    tests: [...tests, ...unjudgedTest(cell, origin)],
    issues: defects.map(({ issue }) => issue),
    incidents: defects.map(({ incident }) => incident),
  };
}

/** Of objects with the same id the first. */
function once<T extends { readonly id: string }>(objects: readonly T[]): T[] {
  return [...new Map(objects.toReversed().map((one) => [one.id, one])).values()].toReversed();
}
