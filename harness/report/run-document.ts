// SPDX-License-Identifier: MIT
/**
 * `report/`: from a run to what people and programs read.
 * Its one rule: a report is a string made by a pure function; only `reporters.ts` and
 * `progress.ts` write.
 * Start reading here: this is all that is known of a run. `reporters.ts` lists the others.
 */
import { SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { type JudgedCell, type RunResult, summary } from '../matrix/judged-cell.ts';
import { hex } from '../memory/pfn.ts';
import { asciiJson } from './ascii-json.ts';
import { cellPages } from './cell-pages.ts';

/** A run as the JSON document of DESIGN.md ("Evidence on the host"). */
export function renderRunDocument({ id, cells }: RunResult): string {
  const document = {
    schema: SCHEMA_VERSION,
    run: id,
    summary: summary(cells),
    cells: cells.map(cellDocument),
  };
  return `${asciiJson(document, 2)}\n`;
}

function cellDocument({ record, judgement, folder }: JudgedCell) {
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
    policy: judgement.policy?.id ?? null,
    fault: judgement.fault,
    verdict: judgement.verdict,
    invariants: judgement.invariants.map(({ id, outcome, known, why, pages }) => ({
      id,
      outcome,
      known: known?.reference ?? null,
      why,
      pages,
    })),
    pages: cellPages(judgement),
    trampoline: trampoline === null ? null : hex(trampoline),
    seconds: record.seconds,
    bundle: folder,
  };
}
