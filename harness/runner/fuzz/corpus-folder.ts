// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HostError, UsageError, fromSystemError, messageOf } from '../../errors.ts';
import { layoutText } from '../../fuzz/fuzz-case.ts';
import { type Finding, type Journal, type JournalLine, parseJournal } from '../../fuzz/journal.ts';
import { sha256 } from '../../process/file-hash.ts';
import { FileLock } from '../../process/file-lock.ts';
import { readInput } from '../../process/read-input.ts';
import { replaceFile } from '../../process/replace-file.ts';

/** The name of a corpus's journal, and of the file by which one program has it. */
const [JOURNAL, LOCK] = ['journal.jsonl', '.lock'];

/** The folder of a fuzzer's findings, and what it has done: after a kill at any time only what was under way is missing. */
export class CorpusFolder implements AsyncDisposable {
  readonly journal: Journal;
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #file: FileHandle;

  private constructor(parts: {
    readonly journal: Journal;
    readonly path: string;
    readonly lock: FileLock;
    readonly file: FileHandle;
  }) {
    this.journal = parts.journal;
    this.#path = parts.path;
    this.#lock = parts.lock;
    this.#file = parts.file;
  }

  /**
   * Opens a folder, which is made if there is none. Throws `UsageError` while another program has it, `FormatError` for a
   * journal that cannot be read, `HostError` if the folder cannot be made or written.
   */
  static async open(folder: string, signal: AbortSignal): Promise<CorpusFolder> {
    const path = resolve(folder);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw new HostError(`Cannot make ${path}: ${messageOf(error)}`, { cause: error });
    }
    const lock = await FileLock.tryAcquire(join(path, LOCK), { signal });
    if (!lock) {
      throw new UsageError(
        `Cannot use ${folder}: another sub1m fuzz has it; wait for it, or name another with --corpus`,
      );
    }
    try {
      const journal = await readJournal(join(path, JOURNAL), signal);
      const file = await open(join(path, JOURNAL), 'a', 0o644);
      return new CorpusFolder({ journal, path, lock, file });
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw fromSystemError(error, `open ${path}`);
    }
  }

  /** Resolves once the line is on disk; a finding's layout has its file then, too. */
  async note(line: JournalLine): Promise<void> {
    try {
      if (line.kind === 'finding') await replaceFile(layoutPath(this.#path, line), fileOf(line));
      await this.#file.write(`${JSON.stringify(line)}\n`);
      await this.#file.datasync();
    } catch (error) {
      throw fromSystemError(error, `write ${this.#path}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** Where the layout of a finding is. */
export function layoutPath(folder: string, finding: Finding): string {
  return join(folder, `${nameOf(finding)}.json`);
}

/** Characters of a name that tell people something. */
const NAME_LIMIT = 60;

/** Of letters, digits and hyphens: what was found, and what tells it from what looks alike. */
function nameOf({ kernel, class: of }: Finding): string {
  const plain = of.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${plain.slice(0, NAME_LIMIT)}-${sha256(`${kernel}\n${of}`).slice(0, 8)}`;
}

function fileOf(finding: Finding): string {
  const notes = `${finding.kernel}: ${finding.class}`;
  return layoutText(finding.case, { id: nameOf(finding), notes });
}

/** What the journal has; a last line that was cut short is taken out of it. */
async function readJournal(path: string, signal: AbortSignal): Promise<Journal> {
  if (!existsSync(path)) return { findings: [], cases: [], reached: [] };
  const missing = (why: string): string => `Cannot read the journal of the fuzzer: ${why}`;
  const text = await readInput(path, { missing, signal });
  const journal = parseJournal(text, path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) await replaceFile(path, whole);
  return journal;
}
