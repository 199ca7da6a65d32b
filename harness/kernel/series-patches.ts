// SPDX-License-Identifier: MIT
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FormatError, UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sha256File } from '../process/file-hash.ts';
import { requireFile } from '../process/file-kind.ts';
import { readInput } from '../process/read-input.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { parsePatch, readPatch } from './patch-text.ts';
import { runGit } from './run-git.ts';

/** A patch of a series, as a file. */
export interface SeriesPatch {
  readonly path: string;
  /** Its subject, or the name of its file. */
  readonly subject: string;
}

interface SeriesContext {
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A `Subject:` with its continuation lines. */
const SUBJECT = /^Subject: *(.*(?:\n[ \t].*)*)/m;

/**
 * The patches of a folder of `*.patch` in the order of their names, or of a mailbox in the order of its messages.
 * Messages without a patch, such as a cover letter, are left out. The cache keeps each message of a mailbox as a file.
 * `-` is a mailbox on standard input.
 * Throws `UsageError` if there is no patch, `FormatError` if it is neither a folder nor a file, or like `parsePatch`.
 */
export async function readSeries(place: string, context: SeriesContext): Promise<SeriesPatch[]> {
  if (place === '-') return readStdinSeries(context);
  const info = await stat(place).catch(() => undefined);
  if (info && !info.isDirectory()) requireFile(place, info);
  const folder = info?.isFile() ? await splitMailbox(place, context) : place;
  const names = info ? (await readdir(folder)).toSorted() : [];
  const patches: SeriesPatch[] = [];
  for (const name of names.filter((one) => one.endsWith('.patch'))) {
    const path = join(folder, name);
    const text = await readPatch(path);
    if (parsePatch(text, path).files.length > 0)
      patches.push({ path, subject: subjectOf(text, name) });
  }
  if (patches.length > 0) return patches;
  throw new UsageError(
    `Cannot read the series ${place}: expected a folder of *.patch, a mailbox, or a range of commits such as v6.12..HEAD`,
  );
}

/** What sends a mailbox, such as `b4 am -o-`, may have to fetch it first, ms. */
const STDIN_SILENCE_MS = 10 * 60_000;

async function readStdinSeries(context: SeriesContext): Promise<SeriesPatch[]> {
  const missing = (why: string): string => `Cannot read a series from standard input: ${why}`;
  const { signal } = context;
  const text = await readInput('/dev/stdin', { missing, signal, silenceMs: STDIN_SILENCE_MS });
  await using temp = await makeTempDir();
  const path = join(temp.path, 'standard input');
  await writeFile(path, text);
  return await readSeries(path, context);
}

/** The longest series have some hundred patches. */
const MESSAGES_LIMIT = 1000;

/** Splits a mailbox as git-am(1) does, and decodes its messages; keeps the subject and the patch of each. */
async function splitMailbox(path: string, context: SeriesContext): Promise<string> {
  const nrMessages = (await readPatch(path)).match(/^From /gm)?.length ?? 0;
  if (nrMessages > MESSAGES_LIMIT) {
    throw new FormatError(
      `Cannot read the series ${path}: expected at most ${MESSAGES_LIMIT} messages, found ${nrMessages}`,
    );
  }
  const { cacheDir, signal } = context;
  const folder = join(cacheDir, 'series', await sha256File(path));
  const split = async (unfinished: string): Promise<void> => {
    // The folders above may be under git, and are none of this.
    const options = { signal, env: { GIT_CEILING_DIRECTORIES: dirname(unfinished) } };
    await runGit(unfinished, ['mailsplit', '-o.', resolve(path)], options);
    for (const mail of (await readdir(unfinished)).toSorted()) {
      const input = join(unfinished, mail);
      const headers = await runGit(unfinished, MAILINFO, { ...options, input });
      const diff = await readFile(join(unfinished, 'diff'));
      await writeFile(`${input}.patch`, Buffer.concat([Buffer.from(`${headers}\n`), diff]));
    }
  };
  return cachedFolder(folder, split, context);
}

/** Prints the subject, and writes message and patch to files. */
const MAILINFO = ['mailinfo', '--encoding=UTF-8', '--no-scissors', 'text', 'diff'];

/** Without `[PATCH 1/3]`. */
function subjectOf(text: string, name: string): string {
  const subject = SUBJECT.exec(text)?.[1]?.replaceAll(/\s+/g, ' ');
  return subject?.replace(/^(?:\[[^\]]*\] *)+/, '') || name;
}
