// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { CPUS_LIMIT } from '../bundle/evidence-limits.ts';
import { BESIDE_MIB } from '../matrix/admission.ts';

/** What the machine of a cell needs of a host. */
export const needsSchema = z.strictObject({
  cpus: z.int().positive().max(CPUS_LIMIT),
  memoryMiB: z.int().positive(),
  kvm: z.boolean(),
});

/** See `needsSchema`. */
export type Needs = z.infer<typeof needsSchema>;

/** What a worker has for all its machines together. */
export const offerSchema = z.strictObject({
  machines: z.int().positive(),
  cpus: z.int().positive(),
  memoryMiB: z.int().nonnegative(),
  kvm: z.boolean(),
});

/** See `offerSchema`. */
export type Offer = z.infer<typeof offerSchema>;

/** Whether a worker can run such a machine beside those that it runs. */
export function fits(needs: Needs, offer: Offer, running: readonly Needs[] = []): boolean {
  const all = [...running, needs];
  const sum = (of: (one: Needs) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  return (
    all.length <= offer.machines &&
    sum(({ cpus }) => cpus) <= offer.cpus &&
    sum(({ memoryMiB }) => memoryMiB + BESIDE_MIB) <= offer.memoryMiB &&
    (offer.kvm || !needs.kvm)
  );
}

/** The name of what is needed: cells that need the same wait in one line. */
export function nameOfNeeds({ cpus, memoryMiB, kvm }: Needs): string {
  return `${kvm ? 'kvm' : 'any'}-${cpus}-${memoryMiB}`;
}
