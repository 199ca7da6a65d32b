// SPDX-License-Identifier: MIT
import { FormatError, fromSystemError } from '../errors.ts';
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

/** The answers, and notes on how sure they are. */
export interface InspectedFile {
  readonly text: string;
  readonly notes: readonly string[];
}

/**
 * Answers questions about a dump in a file: for a thread. Throws `FormatError` for what is no dump, `UsageError` for a
 * question without an answer, `HostError` for a file that cannot be read.
 */
export function inspectFile({ path, named, questions, style, json }: InspectFile): InspectedFile {
  try {
    using file = openFile(path);
    if (file.size === 0) {
      throw new FormatError(`Cannot read ${named}: expected a vmcore, found an empty file`);
    }
    const { parts, notes } = inspectVmcore(file, questions, style);
    const text = json ? inspectionDocument(named, parts) : renderInspection(parts);
    return { text, notes };
  } catch (thrown) {
    throw fromSystemError(thrown, `read ${named}`);
  }
}
