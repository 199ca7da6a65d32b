// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Admission, type Budget, machinesAtATime } from './admission.ts';

const SMALL = { cpus: 1, memoryMiB: 512 };
const LARGE = { cpus: 2, memoryMiB: 3584 };
const { signal } = new AbortController();

/** Asks for room for these machines in order; says which were let in by now. */
function ask(
  budget: Budget,
  machines: readonly (typeof SMALL)[],
  hasRoom?: (machine: { readonly cpus: number }) => boolean,
) {
  const admission = new Admission(budget, hasRoom);
  const leave = new Map<number, (() => void) | null>();
  for (const [nr, machine] of machines.entries()) {
    void admission.enter(machine, signal).then((one) => leave.set(nr, one));
  }
  const settle = (): Promise<void> => new Promise(setImmediate);
  const inside = async (): Promise<number[]> => {
    await settle();
    return [...leave.keys()];
  };
  return { leave, inside };
}

describe('Admission', () => {
  it('lets in so many machines, and the next when one has ended', async () => {
    const { leave, inside } = ask(machinesAtATime(2), [SMALL, LARGE, SMALL]);
    expect(await inside()).toEqual([0, 1]);
    leave.get(1)?.();
    expect(await inside()).toEqual([0, 1, 2]);
  });

  it.each([
    { what: 'processors', budget: { machines: 9, cpus: 2, memoryMiB: Infinity } },
    { what: 'memory', budget: { machines: 9, cpus: 9, memoryMiB: 5000 } },
  ])('keeps the order where the $what are taken: a small one waits behind a large', async (row) => {
    const { leave, inside } = ask(row.budget, [SMALL, LARGE, SMALL]);
    expect(await inside()).toEqual([0]);
    leave.get(0)?.();
    expect(await inside()).toEqual([0, 1]);
    leave.get(1)?.();
    expect(await inside()).toEqual([0, 1, 2]);
  });

  it('lets in alone what never fits', async () => {
    const { inside } = ask({ machines: 1, cpus: 1, memoryMiB: 10 }, [LARGE, SMALL]);
    expect(await inside()).toEqual([0]);
  });

  it('asks the host from the second machine on, and again when one has ended', async () => {
    let room = false;
    const { leave, inside } = ask(machinesAtATime(3), [SMALL, SMALL, SMALL], () => room);
    expect(await inside()).toEqual([0]);
    room = true;
    leave.get(0)?.();
    expect(await inside()).toEqual([0, 1, 2]);
  });

  it('lets nothing in once the signal has fired', async () => {
    const abort = new AbortController();
    const admission = new Admission(machinesAtATime(1));
    await admission.enter(SMALL, abort.signal);
    const waiting = admission.enter(SMALL, abort.signal);
    abort.abort();
    expect(await waiting).toBeNull();
  });
});
