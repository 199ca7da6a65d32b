// SPDX-License-Identifier: MIT
/**
 * Reads a patch in the format of git or of diff(1), one folder deep, from anybody. It is strict in the names: each is
 * below the top of the tree. What was not understood is not passed on to patch(1).
 */
import { FormatError, UnsupportedFormatError, UsageError } from '../errors.ts';
import { readInput } from '../process/read-input.ts';
import { shownPath } from './patch-path.ts';
import { type PatchedFile, Section, renderGitLine } from './patch-section.ts';

/** A patch that was read. */
export interface ParsedPatch {
  /** None if the text is no patch, such as a cover letter. */
  readonly files: readonly PatchedFile[];
  /** The headers and hunks of these files and nothing else, line by line at their old places, for patch(1). */
  readonly text: string;
}

/** Files that a patch may change: a release of the kernel changes some 15,000. */
const FILES_LIMIT = 20_000;

const GIT_LINE = 'diff --git ';

const HUNK = /^@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@/;

/** How many lines of the old and the new file a line of a hunk is, by its first character; an editor may cut ' '. */
const LINES_OF_MARK: Readonly<Record<string, { readonly old: number; readonly new: number }>> = {
  '': { old: 1, new: 1 },
  ' ': { old: 1, new: 1 },
  '-': { old: 1, new: 0 },
  '+': { old: 0, new: 1 },
  '\\': { old: 0, new: 0 },
};

/**
 * Reads a patch; `name` stands for it in messages. Throws `FormatError` if it names a file outside the tree, or two for
 * one, or makes a link or a submodule; a hunk that is damaged is left to patch(1).
 */
export function parsePatch(text: string, name: string): ParsedPatch {
  return new PatchReader(text, name).read();
}

/** The paths that a patch changes, makes, renames or removes, each once. */
export function touchedFiles({ files }: ParsedPatch): string[] {
  return [...new Set(files.flatMap(({ from, to }) => [from, to]).filter((path) => path !== null))];
}

/** A patch that patch(1) can apply, and where it is. */
export interface TextPatch extends ParsedPatch {
  readonly path: string;
}

/**
 * Reads a patch for patch(1). Throws like `readPatch` and `parsePatch`, `UsageError` if it is no patch,
 * `UnsupportedFormatError` if it changes a binary file.
 */
export async function readTextPatch(path: string): Promise<TextPatch> {
  const parsed = parsePatch(await readPatch(path), path);
  requireText(parsed, path);
  return { ...parsed, path };
}

/** The text of a patch. Throws `UsageError` if there is none, `FormatError` if it is no file. */
export function readPatch(path: string): Promise<string> {
  return readInput(path, {
    missing: (why) => `Cannot read the patch ${path}: ${why}; name a file`,
  });
}

function requireText({ files }: ParsedPatch, name: string): void {
  if (files.length === 0) {
    throw new UsageError(`Cannot apply ${name}: expected a patch in git's format, found none`);
  }
  const binary = files.find(({ isBinary }) => isBinary);
  if (binary === undefined) return;
  const path = shownPath(binary.to ?? binary.from ?? '');
  throw new UnsupportedFormatError(
    `Cannot apply ${name}: expected changes of text, found a binary one: ${path}`,
  );
}

class PatchReader {
  readonly #lines: readonly string[];
  readonly #out: string[];
  readonly #patch: string;
  readonly #files: PatchedFile[] = [];
  #section: Section | undefined;
  /** Where the section's `diff --git` is; undefined in a patch of diff(1). */
  #gitLineAt: number | undefined;
  #next = 0;

  constructor(text: string, patch: string) {
    this.#lines = text.split('\n');
    this.#out = this.#lines.map(() => '');
    this.#patch = patch;
  }

  read(): ParsedPatch {
    while (this.#next < this.#lines.length) this.#readLine();
    this.#endSection();
    return { files: this.#files, text: this.#out.join('\n') };
  }

  #line(ahead = 0): string {
    return this.#lines[this.#next + ahead] ?? '';
  }

  #readLine(): void {
    const line = this.#line();
    if (line.startsWith(GIT_LINE)) {
      this.#beginSection(line.slice(GIT_LINE.length), this.#next);
    } else if (this.#isFileHeader()) {
      this.#readFile();
      return;
    } else if (this.#section?.hasSides === false && this.#section.takeGitHeader(line)) {
      this.#out[this.#next] = line;
    }
    this.#next++;
  }

  /** Patch(1) also looks for all three. */
  #isFileHeader(): boolean {
    const [from, to, hunk] = [this.#line(), this.#line(1), this.#line(2)];
    return from.startsWith('--- ') && to.startsWith('+++ ') && hunk.startsWith('@@ -');
  }

  #readFile(): void {
    if (this.#section?.hasSides !== false) this.#beginSection('', undefined);
    const [old, now] = [this.#line().slice(4), this.#line(1).slice(4)];
    const sides = this.#section?.takeSides(old, now) ?? [];
    for (const side of sides) this.#out[this.#next++] = side;
    while (this.#line().startsWith('@@ -')) {
      if (!this.#readHunk()) this.#next = this.#lines.length;
    }
  }

  /** Passes a hunk on; false if it is damaged: patch(1) then says where, and gets no more. */
  #readHunk(): boolean {
    const header = HUNK.exec(this.#line());
    this.#out[this.#next] = this.#line();
    if (header === null) return false;
    const [old, now] = [Number(header[1] ?? 1), Number(header[2] ?? 1)];
    if (Math.max(old, now) > this.#lines.length) {
      // Patch(1) would make room for as many as the hunk claims.
      this.#out[this.#next] = '@@';
      return false;
    }
    this.#next++;
    if (!this.#readHunkLines(old, now)) return false;
    if (this.#line().startsWith('\\ ')) this.#out[this.#next++] = '\\ No newline at end of file';
    return true;
  }

  /** Passes on as many lines as a hunk claims of the old and the new file; false at one that is of neither. */
  #readHunkLines(old: number, now: number): boolean {
    let [oldLeft, newLeft] = [old, now];
    while ((oldLeft > 0 || newLeft > 0) && this.#next < this.#lines.length) {
      const line = this.#line();
      this.#out[this.#next] = line;
      const counts = LINES_OF_MARK[line.charAt(0)];
      if (counts === undefined) return false;
      oldLeft -= counts.old;
      newLeft -= counts.new;
      this.#next++;
    }
    return true;
  }

  #beginSection(names: string, at: number | undefined): void {
    this.#endSection();
    this.#section = new Section(names, this.#patch);
    this.#gitLineAt = at;
  }

  #endSection(): void {
    const file = this.#section?.file();
    this.#section = undefined;
    if (file === undefined) return;
    if (this.#gitLineAt !== undefined) this.#out[this.#gitLineAt] = renderGitLine(file);
    this.#files.push(file);
    if (this.#files.length <= FILES_LIMIT) return;
    throw new FormatError(
      `Cannot use ${this.#patch}: expected at most ${FILES_LIMIT} files, found more`,
    );
  }
}
