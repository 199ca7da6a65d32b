// SPDX-License-Identifier: MIT
/**
 * Markdown of GitHub's kind (https://github.github.com/gfm/). What sub1m did not write itself stands in code, on one line
 * or in a fence: there nothing is markup, no address becomes a link, and nobody is mentioned.
 */
import { printableText } from '../../memory/printable-text.ts';

/** Text of anybody, in code on one line; a dash if there is none. */
export function code(text: string): string {
  const printable = printableText(text);
  if (printable === '') return '–';
  const ticks = '`'.repeat(longestTicks(printable) + 1);
  // A blank on both sides is no part of the code, and keeps backticks of the text apart from ours.
  const gap = /^[` ]|[` ]$/.test(printable) ? ' ' : '';
  return `${ticks}${gap}${printable}${gap}${ticks}`;
}

/** Lines of anybody, each printable already, in a fence: a block. */
export function fence(lines: readonly string[]): string {
  const shown = lines.filter((line) => line.trim() !== '');
  const ticks = '`'.repeat(Math.max(2, ...shown.map(longestTicks)) + 1);
  return [ticks, ...shown, ticks].join('\n');
}

/** Where a known defect is told of: a link if it is an address that cannot be anything else, else code. */
export function link(reference: string): string {
  return /^https:\/\/[\w.-]+(?:\/[\w.~%@:/?&=+-]*)?(?:#[\w.-]*)?$/.test(reference)
    ? `<${reference}>`
    : code(reference);
}

/** A block of rows; cells are Markdown. A bar would end one even in code. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '¦')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Blocks, as a document. */
export function document(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const CUT = 'The rest does not fit; the folder of the run has all.\n';

/** The first blocks of a document, so many as fit into `limit` bytes; nothing if none does. */
export function cutMarkdown(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  let left = limit - Buffer.byteLength(CUT);
  const kept: string[] = [];
  for (const block of text.split('\n\n')) {
    left -= Buffer.byteLength(block) + 2;
    if (left < 0) break;
    kept.push(block);
  }
  return kept.length === 0 ? '' : document([...kept, CUT.trimEnd()]);
}

function longestTicks(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
