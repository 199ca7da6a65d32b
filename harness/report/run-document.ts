// SPDX-License-Identifier: MIT
import { type Comparison, isChanged } from '../matrix/compare-cells.ts';
import { type JudgedCell, summary } from '../matrix/judged-cell.ts';
import { hex } from '../memory/pfn.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { mergeDocument } from './merge-document.ts';
import { type ReportedRun, detectionOf } from './text/detection.ts';
import { cellPages } from './text/cell-pages.ts';
import { pageRuns } from './text/page-runs.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { CellDocument, RunDocument } from './schema/run-schema.ts';
import { renderPages } from '../memory/page-map.ts';

/** A run as the JSON document of `schema/run-schema.ts`. */
export function renderRunDocument(run: ReportedRun): string {
  return `${asciiJson(runDocument(run), 2)}\n`;
}

/** See `renderRunDocument`: before it is text. */
export function runDocument(run: ReportedRun): RunDocument {
  const { id, cells, comparison, merge } = run;
  return {
    schema: DOCUMENT_VERSIONS.run,
    run: id,
    // First: site.ts knows a site by it.
    ...(merge && { merge: mergeDocument(merge) }),
    summary: summary(cells),
    detection: detectionOf(run),
    cells: cells.map(cellDocument),
    ...(comparison && comparisonDocument(comparison)),
  };
}

function comparisonDocument({
  base,
  ref,
  sameImage,
  cells,
  times,
}: Comparison): Pick<RunDocument, 'base' | 'changes' | 'times'> {
  const shown = cells.filter((one) => isChanged(one) || one.uncompared !== null);
  return {
    base: {
      name: base,
      ref,
      sameImage,
      cells: cells.map((one) => cellDocument(one.base)),
    },
    changes: shown.map((changes) => ({
      cell: changes.cell.record.id,
      base: changes.base.record.id,
      uncompared: changes.uncompared,
      pages: pageRuns(changes),
      invariants: changes.invariants,
      log: changes.log,
    })),
    times,
  };
}

/** A cell as that document has it. */
export function cellDocument({ record, judgement, folder }: JudgedCell): CellDocument {
  const { spec, kernel, machine } = record;
  const trampoline = judgement.observation.trampoline.value;
  return {
    id: record.id,
    kernel: { ref: spec.kernel, release: kernel?.release ?? null },
    crashkernel: spec.crashkernel,
    layout: spec.layout,
    load: spec.load,
    trigger: spec.trigger,
    cpus: spec.cpus,
    accel: machine?.accel.kind ?? null,
    firmware: machine?.firmware.kind ?? null,
    policy: judgement.policy?.id ?? null,
    fault: judgement.fault,
    verdict: judgement.verdict,
    invariants: judgement.invariants.map(({ id, outcome, known, why, pages, shownBy }) => ({
      id,
      outcome,
      known: known?.reference ?? null,
      why,
      pages: renderPages(pages),
      ...(shownBy !== undefined && { shownBy }),
    })),
    pages: cellPages(judgement),
    trampoline: trampoline === null ? null : hex(trampoline),
    seconds: record.seconds,
    ...(Object.keys(record.pressure).length > 0 && { pressure: record.pressure }),
    ...(record.attempts.length > 0 && { attempts: record.attempts }),
    bundle: folder,
  };
}
