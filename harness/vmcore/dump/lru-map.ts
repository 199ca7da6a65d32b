// SPDX-License-Identifier: MIT

/** A map of at most `limit` entries, which gives up the one that was longest not asked for. */
export class LruMap<V> {
  readonly #entries = new Map<number, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value of `key`; `make` is asked for it if there is none. */
  get(key: number, make: (key: number) => V): V {
    const known = this.#entries.get(key);
    const value = known ?? make(key);
    // The order of a map is that of insertion: what is set again moves to the end.
    if (known !== undefined) this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#limit) this.#dropFirst();
    return value;
  }

  #dropFirst(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}
