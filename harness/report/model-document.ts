// SPDX-License-Identifier: MIT
import { renderPages } from '../memory/page-map.ts';
import { hex, pfn } from '../memory/pfn.ts';
import { renderRange } from '../memory/phys-range.ts';
import type { Owner } from '../model/owners.ts';
import { POLICIES } from '../model/policies.ts';
import type { Prediction } from '../model/prediction.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { groupBy } from '../group-by.ts';
import { type ModelResult, crashkernelNotes } from './model-report.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { ModelDocument } from './schema/model-schema.ts';

/** What the model makes of one machine, as a JSON document. */
export function renderModelDocument(result: ModelResult): string {
  const { layout, cmdline, predictions, history } = result;
  const { told, assumed, policy } = result.machine;
  const notes = crashkernelNotes(result);
  const { id, machine, source, synthetic } = layout;
  const document: ModelDocument = {
    schema: DOCUMENT_VERSIONS.model,
    layout: { id, machine, source, synthetic, efiMap: layout.maps.efiMap !== null },
    ...(layout.log && { log: { told, assumed, policy: policy?.id ?? null } }),
    cmdline,
    ...(notes.length > 0 && { crashkernel: notes.join('; ') }),
    predictions: predictions.map((found) => ({
      ...predictionDocument(found),
      ...(history !== null && { page: history, history: found.pages[history]?.history ?? [] }),
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}

function predictionDocument(prediction: Prediction): ModelDocument['predictions'][number] {
  const { policy, pages, moments, trampoline, panic, doubt, logLines, captureLowRam, vmcoreLow } =
    prediction;
  return {
    policy,
    kernels: POLICIES[policy].kernels,
    panic,
    ...(doubt && { undecided: doubt.why }),
    trampoline: trampoline && hex(trampoline.start),
    pages: pages.map(({ owner }) => owner),
    moments: Object.fromEntries(
      Object.entries(moments).map(([moment, owners]) => [moment, pagesByOwner(owners)]),
    ),
    logLines,
    captureLowRam: captureLowRam.map(renderRange),
    vmcoreLow: {
      kexec_file_load: vmcoreLow.kexec_file_load.map(renderRange),
      kexec_load: vmcoreLow.kexec_load.map(renderRange),
    },
  };
}

function pagesByOwner(owners: readonly Owner[]): Readonly<Record<string, string[]>> {
  const pages = owners.map((_, page) => pfn(page));
  const groups = groupBy(pages, (page) => owners[page]);
  return Object.fromEntries(
    Array.from(groups, ([owner = '', owned]) => [owner, renderPages(owned)] as const),
  );
}
