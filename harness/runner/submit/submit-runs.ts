// SPDX-License-Identifier: MIT
import { asciiJson } from '../../memory/ascii-json.ts';
import { kcidbDocument } from '../../report/kcidb/kcidb-report.ts';
import { type JudgedRun, judgeRun } from '../judge-run.ts';
import { parseServer } from './kcidb-server.ts';
import { Spool } from './spool.ts';
import { type SubmitOptions, type Submitted, submitDocuments } from './submit-documents.ts';

/** Where to, as whom, and where documents wait. */
interface Destination extends SubmitOptions {
  /** What KCIDB_REST holds. */
  readonly address: string | undefined;
  /** As KernelCI knows who submits. */
  readonly origin: string;
  readonly spoolFolder: string;
}

/** What became of runs that were submitted. */
export interface SubmittedRuns extends Submitted {
  readonly host: string;
  /** Cells of them that could not even be judged. */
  readonly notJudged: JudgedRun['notJudged'];
}

/**
 * Judges runs from their evidence, adds a document of each to the spool, and submits all that is there. Throws what
 * `judgeRun` and `submitDocuments` do; then, too, the documents that were made wait in the spool.
 */
export async function submitRuns(
  results: readonly string[],
  { address, origin, spoolFolder, ...options }: Destination,
): Promise<SubmittedRuns> {
  const server = parseServer(address);
  const spool = new Spool(spoolFolder);
  const notJudged: JudgedRun['notJudged'][number][] = [];
  for (const folder of results) {
    const run = await judgeRun(folder, options.signal);
    notJudged.push(...run.notJudged);
    const document = kcidbDocument(run, origin);
    if (document.tests.length > 0) await spool.add(`${asciiJson(document)}\n`, run.startedAt);
    else options.log.warn(`${folder}: nothing to submit; seeded faults are not`);
  }
  return { host: server.host, notJudged, ...(await submitDocuments(spool, server, options)) };
}
