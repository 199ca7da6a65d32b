// SPDX-License-Identifier: MIT

/** Terminal escape sequences: CSI, OSC up to its terminator, and the short ones. */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** Characters that move, hide or reorder text: control, format, lone surrogate, line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A guest's text, made safe to print on one line: white space becomes a blank, escapes are removed. */
export function printableText(text: string): string {
  return text
    .replaceAll(ESCAPES, '')
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(UNPRINTABLE, '')
    .trim();
}
