// SPDX-License-Identifier: MIT
import { type CellSpec, cellSpecSchema } from '../bundle/cell-record.ts';
import { UsageError } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { PlannedCell } from '../matrix/expand.ts';

/** The cells, each that leaves its policy to be found out held to the one that its kernel's recipe names, if any. */
export function withRecipePolicies(
  cells: readonly PlannedCell[],
  kernels: ReadonlyMap<string, Pick<Kernel, 'ref' | 'policy'>>,
): PlannedCell[] {
  return cells.map((cell) => {
    const kernel = kernels.get(cell.spec.kernel);
    if (cell.spec.policy !== 'auto' || !kernel || kernel.policy === null) return cell;
    return { ...cell, spec: { ...cell.spec, policy: knownPolicy(kernel.policy, kernel.ref) } };
  });
}

function knownPolicy(policy: string, ref: string): CellSpec['policy'] {
  const { policy: schema } = cellSpecSchema.shape;
  const parsed = schema.safeParse(policy);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `Cannot hold ${ref} to the policy "${policy}" of its recipe: one of ` +
      `${schema.options.join(', ')} wanted`,
  );
}
