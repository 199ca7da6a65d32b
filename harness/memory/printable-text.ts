// SPDX-License-Identifier: MIT

/** Terminal escape sequences: CSI, OSC up to its terminator or the end of the line, and the short ones. */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

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

/** Of all escapes the one that moves nothing: a colour (ECMA-48 SGR). */
const COLOUR = /^\u001b\[[\d;]*m$/;

/** What a CI runner takes for a command to itself: GitHub's at the start of a line, Azure's and TeamCity's anywhere. */
const COMMAND_LINES = /^([^\S\n]*)(?=::)/gm;
const COMMAND_WORDS = /##(?=\w{0,16}\[)/g;

/**
 * Text of many lines as it may reach a terminal, a CI log or a file, whoever wrote it: every writer of such text calls
 * this last. It keeps colours, tabs and the ends of lines; what would be a command to a CI runner is broken up.
 */
export function screenText(text: string): string {
  return text
    .replaceAll(ESCAPES, (escape) => (COLOUR.test(escape) ? escape : ''))
    .replaceAll(/\u001b(?!\[[\d;]*m)|[^\P{Cc}\u001b\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll(COMMAND_LINES, '$1| ')
    .replaceAll(COMMAND_WORDS, '## ');
}
