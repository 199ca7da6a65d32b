// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Layout, layoutFromMaps, parseLayout } from './layout.ts';
import { STDIN, readLogText } from './log/log-bytes.ts';
import { parseLog } from './log/read-log.ts';
import { isJsonLog } from './log/text-forms.ts';
import { nearestName } from '../nearest-name.ts';
import { projectPath } from '../project-root.ts';

const LAYOUTS = projectPath('images/layouts');

/** All layouts of `images/layouts/`, by their ids. */
export async function readLayouts(): Promise<Layout[]> {
  const ids = await layoutIds();
  return Promise.all(ids.map(async (id) => readLayoutFile(join(LAYOUTS, `${id}.json`), {})));
}

/** How to read a layout. */
interface LayoutOptions {
  /** With it a pipe is read, too; it ends the wait for the other end. */
  readonly signal?: AbortSignal;
  /** Of a log with several boots: the number of one, from 1. */
  readonly boot?: number;
}

/**
 * Reads a layout: an id of `images/layouts/`, a JSON file of that kind, or a kernel log, which may be packed, on
 * standard input (`-`) or in a cell's folder. Throws `UsageError` if it does not exist, `FormatError` if it cannot be read.
 */
export async function readLayout(idOrPath: string, options: LayoutOptions = {}): Promise<Layout> {
  return readLayoutFile(await layoutPath(idOrPath), options);
}

/** The file of a layout: an id of `images/layouts/`, or a path. */
export async function layoutPath(idOrPath: string): Promise<string> {
  const ids = await layoutIds();
  return ids.includes(idOrPath) ? join(LAYOUTS, `${idOrPath}.json`) : idOrPath;
}

async function readLayoutFile(path: string, { signal, boot }: LayoutOptions): Promise<Layout> {
  const missing = async (): Promise<string> => {
    const nearest = nearestName(path, await layoutIds());
    return `Cannot read layout ${path}: neither a readable file nor an id of images/layouts; the nearest id is ${nearest}`;
  };
  const text = await readLogText(path, { missing, ...(signal ? { signal } : {}) });
  const isJson = path.endsWith('.json') || text.trimStart().startsWith('{');
  if (isJson && !isJsonLog(text)) {
    if (boot === undefined) return parseLayout(text, path);
    throw new UsageError(`Cannot take boot ${boot} of ${path}: expected a log, found a layout`);
  }
  const log = parseLog(text, boot);
  return layoutFromMaps(log.maps, {
    id: path === STDIN ? 'stdin' : basename(path),
    source: path,
    log,
  });
}

async function layoutIds(): Promise<string[]> {
  const files = await readdir(LAYOUTS);
  return files.map((file) => basename(file, '.json')).toSorted();
}
