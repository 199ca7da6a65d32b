// SPDX-License-Identifier: MIT

/**
 * JSON in ASCII alone: of what a guest wrote, nothing reaches a terminal but as an escape, and nothing is a command to a
 * CI runner (see `screenText`).
 */
export function asciiJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\uffff]|#(?=#\w{0,16}\[)/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
