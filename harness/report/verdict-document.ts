// SPDX-License-Identifier: MIT
import manifest from '../../package.json' with { type: 'json' };
import type { Judgement } from '../check/judgement.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { VerdictDocument } from './schema/verdict-schema.ts';
import { renderPages } from '../memory/page-map.ts';

/** What one cell says about its kernel, as in `verdict.json`. */
export function verdictDocument(judgement: Judgement): VerdictDocument {
  const { policy, fault, verdict } = judgement;
  const invariants = judgement.invariants.map((invariant) => ({
    ...invariant,
    pages: renderPages(invariant.pages),
  }));
  const { version: sub1m } = manifest;
  return { schema: DOCUMENT_VERSIONS.verdict, sub1m, policy, invariants, fault, verdict };
}
