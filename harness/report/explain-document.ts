// SPDX-License-Identifier: MIT
import type { Explanation } from '../check/log/explain-log.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { renderPages } from '../memory/page-map.ts';
import { hex } from '../memory/pfn.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { ExplainDocument } from './schema/explain-schema.ts';

/** An explanation as a JSON document. */
export function renderExplainDocument(found: Explanation, unseen: readonly string[]): string {
  const { layout, machine, policy, prediction, dump } = found;
  const document: ExplainDocument = {
    schema: DOCUMENT_VERSIONS.explain,
    source: layout.source,
    machine: layout.machine,
    release: layout.log?.causes.release ?? null,
    policy,
    verdict: found.verdict,
    comparisons: found.comparisons.map((one) => ({ ...one, pages: renderPages(one.pages) })),
    inputs: found.inputs,
    lacksBootServices: found.lacksBootServices,
    trampoline: prediction.trampoline && hex(prediction.trampoline.start),
    pages: prediction.pages.map(({ owner }) => owner),
    dump: {
      kind: dump.kind,
      why: dump.why,
      pages: dump.kind === 'at stake' ? renderPages(dump.pages) : [],
    },
    defects: found.defects,
    corrupted: renderPages(found.corrupted),
    basis: {
      told: machine.told,
      assumed: machine.assumed,
      policy: machine.policy?.id ?? null,
    },
    unseen,
  };
  return `${asciiJson(document, 2)}\n`;
}
