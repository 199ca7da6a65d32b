// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sha256File } from '../process/file-hash.ts';
import { requireFile } from '../process/file-kind.ts';
import { runCommand } from '../process/owned-process.ts';
import { readPatch, touchedFiles } from './patch-tree.ts';

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
 * Throws `UsageError` if there is no patch, `FormatError` if it is neither a folder nor a file.
 */
export async function readSeries(place: string, context: SeriesContext): Promise<SeriesPatch[]> {
  const info = await stat(place).catch(() => undefined);
  if (info && !info.isDirectory()) requireFile(place, info);
  const folder = info?.isFile() ? await splitMailbox(place, context) : place;
  const names = info ? (await readdir(folder)).toSorted() : [];
  const patches: SeriesPatch[] = [];
  for (const name of names.filter((one) => one.endsWith('.patch'))) {
    const path = join(folder, name);
    const text = await readPatch(path);
    if (touchedFiles(text).length > 0) patches.push({ path, subject: subjectOf(text, name) });
  }
  if (patches.length > 0) return patches;
  throw new UsageError(
    `Cannot read the series ${place}: expected a folder of *.patch, a mailbox, or a range of commits such as v6.12..HEAD`,
  );
}

/** Splits a mailbox as git-am(1) does, and decodes its messages; keeps the subject and the patch of each. */
const SPLIT = `cd "$1" && git mailsplit -o. "$2" && for mail in [0-9]*; do
    git mailinfo --encoding=UTF-8 text diff <"$mail" >"$mail.patch" && cat diff >>"$mail.patch" || exit
  done`;

async function splitMailbox(path: string, context: SeriesContext): Promise<string> {
  const { cacheDir, signal } = context;
  const folder = join(cacheDir, 'series', await sha256File(path));
  const split = async (unfinished: string): Promise<void> => {
    await runCommand(['sh', '-c', SPLIT, 'sh', unfinished, resolve(path)], { signal });
  };
  return cachedFolder(folder, split, context);
}

/** Without `[PATCH 1/3]`. */
function subjectOf(text: string, name: string): string {
  const subject = SUBJECT.exec(text)?.[1]?.replaceAll(/\s+/g, ' ');
  return subject?.replace(/^(?:\[[^\]]*\] *)+/, '') || name;
}
