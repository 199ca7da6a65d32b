// SPDX-License-Identifier: MIT

/** A map of at most `limit` entries, which drops the least recently used one. */
export class LruMap<V> {
  readonly #entries = new Map<number, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value of `key`, from `make` if there is none yet. */
  get(key: number, make: (key: number) => V): V {
    const known = this.#entries.get(key);
    const value = known ?? make(key);
    // A map keeps the order of insertion: deleting and setting a key again moves it to the end.
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
