// SPDX-License-Identifier: MIT
/** What a function passes to its callback, as those of ssh2 do; rejects with its error. */
export function called<T>(
  call: (done: (error: Error | null | undefined, result: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
