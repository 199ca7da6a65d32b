// SPDX-License-Identifier: MIT
import { styleText } from 'node:util';

/** What the output can show. */
export interface Style {
  readonly colour: boolean;
  /** Columns. */
  readonly width: number;
}

/** The name of a colour or of another attribute of text, e.g. `red`, `inverse`. */
export type Format = Parameters<typeof styleText>[0];

/** The text in this format, or as it is where there is no colour. */
export function paint(text: string, format: Format, { colour }: Style): string {
  return colour ? styleText(format, text, { validateStream: false }) : text;
}

/** The text in lines of at most `width` columns; a longer word, such as a path, has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const line = new RegExp(` ?(?:.{1,${width}}(?= |$)|\\S+)`, 'gu');
  return (text.replaceAll(/\s+/g, ' ').match(line) ?? []).map((part) => part.trim());
}

/** The text wrapped, each line behind so many blanks. */
export function indented(text: string, columns: number, { width }: Style): string[] {
  return wrap(text, width - columns).map((line) => `${' '.repeat(columns)}${line}`);
}

/** The text, cut to so many characters. */
export function shortened(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** A time for people: `21.4 s`, `2 min 5 s`. */
export function renderSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
