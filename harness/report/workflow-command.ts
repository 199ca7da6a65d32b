// SPDX-License-Identifier: MIT
import { printableText, screenText } from '../memory/printable-text.ts';

/**
 * A line that GitHub shows beside a job. It is data until it is written: no text, whoever wrote it, becomes a command
 * of its own.
 */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly lines: readonly string[];
}

/** GitHub shows no more of a message; characters. */
const MESSAGE_LIMIT = 4000;
const TITLE_LIMIT = 200;

/** What GitHub's runner reads back as these characters (actions/runner, ActionCommand.cs), `%` first. */
const DATA_ESCAPES: readonly (readonly [string, string])[] = [
  ['%', '%25'],
  ['\r', '%0D'],
  ['\n', '%0A'],
];
const PROPERTY_ESCAPES: typeof DATA_ESCAPES = [...DATA_ESCAPES, [':', '%3A'], [',', '%2C']];

/** An annotation as a workflow command of GitHub, on one line. */
export function renderAnnotation({ level, title, lines }: Annotation): string {
  const message = cut(lines.map(printableText).join('\n'), MESSAGE_LIMIT);
  const name = cut(printableText(title), TITLE_LIMIT);
  return `::${level} title=${escape(name, PROPERTY_ESCAPES)}::${escape(message, DATA_ESCAPES)}\n`;
}

/** For other runners, which take commands from the midst of a line, the text is cleaned like any other. */
function escape(text: string, escapes: typeof DATA_ESCAPES): string {
  return escapes.reduce((done, [from, to]) => done.replaceAll(from, to), screenText(text));
}

/** The first half of a character that was cut in two. */
const HALF = /[\uD800-\uDBFF]$/;

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1).replace(HALF, '')}…` : text;
}
