// SPDX-License-Identifier: MIT

/**
 * Collects what must be undone and undoes it in reverse order, all of it, even if some of it fails
 * (the part of TC39's `AsyncDisposableStack` that Node 20 lacks and this project needs).
 */
export class CleanupStack implements AsyncDisposable {
  #cleanups: (() => unknown)[] = [];

  /** Takes ownership of a resource and returns it. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Runs `cleanup` when the stack is disposed. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  /** Hands all cleanups to a new stack: success takes over what failure would have cleaned up. */
  move(): CleanupStack {
    const moved = new CleanupStack();
    moved.#cleanups = this.#cleanups;
    this.#cleanups = [];
    return moved;
  }

  /** Throws the first error of a cleanup, after all of them have run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
