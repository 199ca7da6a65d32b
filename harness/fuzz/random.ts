// SPDX-License-Identifier: MIT
/** Chooses as its seed says: the same seed makes the same choices, on every machine. */
export interface Random {
  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** True once in so many times. */
  oneIn(times: number): boolean;
}

/** The choices for one case of a seed (a splitmix of 32 bits). */
export function randomFor(seed: number, nr: number): Random {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(nr + 1, 0x85eb_ca6b)) >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
  return {
    below,
    pick: (from) => from[below(from.length)] ?? from[0],
    oneIn: (times) => below(times) === 0,
  };
}
