// SPDX-License-Identifier: MIT
import { printableText } from '../../memory/printable-text.ts';

/** A line that says how a test of TAP or KTAP ended; `description` goes with its directive. */
interface Point {
  readonly ok: boolean;
  readonly number: number;
  readonly description: string;
}

/** The point of a test as both have it; TAP sets a hyphen before the description. */
export function renderPoint({ ok, number, description }: Point): string {
  return `${ok ? 'ok' : 'not ok'} ${number} ${description}`;
}

/** Text on one line that neither ends a description nor begins a directive. */
export function escapeTap(text: string): string {
  return printableText(text).replaceAll(/[\\#]/g, '\\$&');
}
