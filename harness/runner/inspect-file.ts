// SPDX-License-Identifier: MIT
import { FormatError, HostError, UsageError, fromSystemError } from '../errors.ts';
import { openFile } from '../process/open-file.ts';
import {
  type InspectQuestions,
  inspectVmcore,
  inspectionDocument,
  renderInspection,
} from '../report/inspect-report.ts';

/** What to inspect, and how to say it. */
export interface InspectFile {
  readonly path: string;
  /** The path as the user named it: `path` may be what was unpacked from there. */
  readonly named: string;
  readonly questions: InspectQuestions;
  readonly style: Parameters<typeof inspectVmcore>[2];
  readonly json: boolean;
}

/** What can be sent from a thread: of an error that is no more than its message. */
export type InspectedFile =
  | { readonly kind: 'read'; readonly text: string; readonly notes: readonly string[] }
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'format'; readonly message: string }
  | { readonly kind: 'host'; readonly message: string };

/** Answers questions about a dump in a file: for a thread. */
export function inspectFile({ path, named, questions, style, json }: InspectFile): InspectedFile {
  try {
    using file = openFile(path);
    if (file.size === 0) {
      throw new FormatError(`Cannot read ${named}: expected a vmcore, found an empty file`);
    }
    const { parts, notes } = inspectVmcore(file, questions, style);
    const text = json ? inspectionDocument(named, parts) : renderInspection(parts);
    return { kind: 'read', text, notes };
  } catch (thrown) {
    const error = fromSystemError(thrown, `read ${named}`);
    if (error instanceof HostError) return { kind: 'host', message: error.message };
    if (error instanceof UsageError) return { kind: 'usage', message: error.message };
    if (error instanceof FormatError) return { kind: 'format', message: error.message };
    throw thrown;
  }
}
