// SPDX-License-Identifier: MIT
/** The one place that writes text to standard output and standard error: whoever wrote it, it is clean here. */
import { screenText } from '../memory/printable-text.ts';

/** Writes to standard output. What becomes of text that cannot be written is decided in one place, cli/output.ts. */
export async function writeStdout(text: string): Promise<void> {
  await new Promise<void>((written) => {
    process.stdout.write(screenText(text), () => {
      written();
    });
  });
}

/** Writes a line, or several, to standard error. */
export function writeStderr(text: string): void {
  process.stderr.write(`${screenText(text)}\n`);
}
