// SPDX-License-Identifier: MIT
import type { PolicyId } from '../policy-id.ts';
import type { ModelInputs } from './model-inputs.ts';
import { type Prediction, predict } from './prediction.ts';
import { type Breach, type ModelPromiseId, modelPromise } from './promises.ts';

/** Whether a policy keeps a promise on all of many machines. */
export interface Proof {
  readonly promise: ModelPromiseId;
  readonly policy: PolicyId;
  /** On how many of them it was looked at; with a counterexample, up to that. */
  readonly asked: number;
  /** The first machine on which it is broken; null if it is kept on all. */
  readonly counterexample: Counterexample | null;
}

/** See `Proof`. */
export interface Counterexample {
  readonly machine: ModelInputs;
  readonly prediction: Prediction;
  readonly breach: Breach;
}

/** Machines between two words on how far a proof is. */
const STRIDE = 500;

/**
 * Looks at promises on every machine, at each up to the first that breaks it. Yields from time to time how many machines
 * were looked at, so that its caller can show it, or stop.
 */
export function* prove(
  promises: readonly ModelPromiseId[],
  policy: PolicyId,
  machines: Iterable<ModelInputs>,
): Generator<number, Proof[]> {
  const proofs = new Map(
    promises.map((promise): [ModelPromiseId, Proof] => [
      promise,
      { promise, policy, asked: 0, counterexample: null },
    ]),
  );
  let seen = 0;
  for (const machine of machines) {
    const open = [...proofs.values()].filter(({ counterexample }) => !counterexample);
    if (open.length === 0) break;
    const asked = open.filter(({ promise }) => modelPromise(promise).isAsked(machine, policy));
    const prediction = asked.length === 0 ? null : predict(machine, policy);
    for (const { promise, asked: before } of asked) {
      const breach = prediction && modelPromise(promise).findBreach(prediction, machine);
      const counterexample = prediction && breach ? { machine, prediction, breach } : null;
      proofs.set(promise, { promise, policy, asked: before + 1, counterexample });
    }
    seen += 1;
    if (seen % STRIDE === 0) yield seen;
  }
  return [...proofs.values()];
}
