// SPDX-License-Identifier: MIT
/** The one place that writes text to standard output and standard error: whoever wrote it, it is clean here. */
import { screenText } from '../memory/printable-text.ts';
import { type Annotation, renderAnnotation } from './workflow-command.ts';

/** What is written: text, of which nothing can command a CI runner; or annotations, each of which is one command. */
export type Written = string | readonly Annotation[];

/** The text that reaches a terminal, a CI log or a file. */
export function cleanText(written: Written): string {
  return typeof written === 'string'
    ? screenText(written)
    : written.map((annotation) => renderAnnotation(annotation)).join('');
}

/** Writes to standard output. What becomes of text that cannot be written is decided in one place, cli/output.ts. */
export async function writeStdout(text: Written): Promise<void> {
  await new Promise<void>((written) => {
    process.stdout.write(cleanText(text), () => {
      written();
    });
  });
}

/** Writes a line, or several, to standard error. */
export function writeStderr(text: string): void {
  process.stderr.write(`${screenText(text)}\n`);
}
