// SPDX-License-Identifier: MIT
import { type CellRecord, SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { triggerOf } from '../bundle/triggers.ts';
import { captureCmdline, systemCmdline } from '../cell/command-line.ts';
import { judgeUntold } from '../check/judge-untold.ts';
import { fromSystemError } from '../errors.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';

/** A cell that left no bundle: an error kept it from being run. It is unjudged. */
export function untoldCell(
  { id, spec, fault }: PlannedCell,
  folder: string,
  thrown: unknown,
): JudgedCell {
  const error = fromSystemError(thrown, `run ${id}`);
  const record: CellRecord = {
    schema: SCHEMA_VERSION,
    id,
    spec,
    kernel: null,
    machine: null,
    inputs: [],
    changedInput: null,
    cmdline: { system: systemCmdline(spec), capture: captureCmdline(spec) },
    known: [],
    fault: fault ?? null,
    panicLine: triggerOf(spec)?.panicLine ?? null,
    outcome: { kind: 'infra', phase: null, code: 'E_HOST', message: '' },
    seconds: { total: 0 },
    pressure: {},
    attempts: [],
    startedAt: new Date().toISOString(),
  };
  return { record, judgement: judgeUntold(record, error), folder };
}
