// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseDmesgMaps } from './dmesg-map.ts';
import { type Layout, layoutFromMaps, parseLayout } from './layout.ts';
import { nearestName } from '../nearest-name.ts';
import { readInput } from '../process/read-input.ts';
import { projectPath } from '../project-root.ts';

const LAYOUTS = projectPath('images/layouts');

/** All layouts of `images/layouts/`, by their ids. */
export async function readLayouts(): Promise<Layout[]> {
  const ids = await layoutIds();
  return Promise.all(ids.map(async (id) => readLayoutFile(join(LAYOUTS, `${id}.json`))));
}

/**
 * Reads a layout: an id of `images/layouts/`, a JSON file of that kind, or the text of a dmesg.
 * With a signal it may be a pipe; see `readInput()`. Throws `UsageError` if it does not exist, `FormatError` if it
 * cannot be read.
 */
export async function readLayout(idOrPath: string, signal?: AbortSignal): Promise<Layout> {
  return readLayoutFile(await layoutPath(idOrPath), signal);
}

/** The file of a layout: an id of `images/layouts/`, or a path. */
export async function layoutPath(idOrPath: string): Promise<string> {
  const ids = await layoutIds();
  return ids.includes(idOrPath) ? join(LAYOUTS, `${idOrPath}.json`) : idOrPath;
}

async function readLayoutFile(path: string, signal?: AbortSignal): Promise<Layout> {
  const missing = async (): Promise<string> => {
    const nearest = nearestName(path, await layoutIds());
    return `Cannot read layout ${path}: neither a readable file nor an id of images/layouts; the nearest id is ${nearest}`;
  };
  const text = await readInput(path, { missing, ...(signal ? { signal } : {}) });
  if (path.endsWith('.json') || text.trimStart().startsWith('{')) return parseLayout(text, path);
  return layoutFromMaps(parseDmesgMaps(text), { id: basename(path), source: path });
}

async function layoutIds(): Promise<string[]> {
  const files = await readdir(LAYOUTS);
  return files.map((file) => basename(file, '.json')).toSorted();
}
