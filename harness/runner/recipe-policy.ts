// SPDX-License-Identifier: MIT
import { type CellSpec, cellSpecSchema } from '../bundle/cell-record.ts';
import { UsageError } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';

/**
 * The cell's specification with the policy that its kernel's recipe names, if any, in the place of `auto`.
 */
export function withRecipePolicy(spec: CellSpec, kernel: Pick<Kernel, 'ref' | 'policy'>): CellSpec {
  if (spec.policy !== 'auto' || kernel.policy === null) return spec;
  return { ...spec, policy: knownPolicy(kernel.policy, kernel.ref) };
}

function knownPolicy(policy: string, ref: string): CellSpec['policy'] {
  const { policy: schema } = cellSpecSchema.shape;
  const parsed = schema.safeParse(policy);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `Cannot hold ${ref} to the policy of its recipe: expected one of ${schema.options.join(', ')}, ` +
      `found "${policy}"`,
  );
}
