// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { CellRecord, MachineInput } from '../bundle/cell-record.ts';
import { findChangedInput } from '../cell/machine-inputs.ts';
import type { Verdict } from '../check/judgement.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { replaceFile } from '../process/replace-file.ts';

/**
 * Which files are compared with what they were when the cell began, by what its kernel is said to have done: all of
 * them are read again before a kernel is blamed. A machine reads its input disk late, and the others before it runs.
 */
const COMPARED: Readonly<
  Record<Verdict['kind'], { readonly read: 'again' | 'once'; readonly only?: MachineInput['what'] }>
> = {
  match: { read: 'once', only: 'input disk' },
  unjudged: { read: 'once' },
  mismatch: { read: 'again' },
  'boot-failure': { read: 'again' },
  'no-vmcore': { read: 'again' },
};

/** Notes in the cell's record if what its machine was given has changed; gives whether it has. */
export async function noteChange({ record, judgement, folder }: JudgedCell): Promise<boolean> {
  const { read, only } = COMPARED[judgement.verdict.kind];
  const inputs = record.inputs.filter(({ what }) => only === undefined || what === only);
  const changedInput = await findChangedInput(inputs, { read });
  if (changedInput === null) return false;
  const changed: CellRecord = { ...record, changedInput };
  await replaceFile(join(folder, 'cell.json'), `${JSON.stringify(changed, null, 2)}\n`);
  return true;
}
