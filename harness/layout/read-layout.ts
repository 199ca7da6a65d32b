// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { parseDmesgMaps } from './dmesg-map.ts';
import { type Layout, layoutFromMaps, parseLayout } from './layout.ts';
import { nearestName } from '../nearest-name.ts';
import { projectPath } from '../project-root.ts';

const LAYOUTS = projectPath('images/layouts');

/** All layouts of `images/layouts/`, by their ids. */
export async function readLayouts(): Promise<Layout[]> {
  const ids = await layoutIds();
  return Promise.all(ids.map(async (id) => readLayoutFile(join(LAYOUTS, `${id}.json`))));
}

/**
 * Reads a layout: an id of `images/layouts/`, a JSON file of that kind, or the text of a dmesg.
 * Throws `UsageError` if it does not exist, `FormatError` if it cannot be read.
 */
export async function readLayout(idOrPath: string): Promise<Layout> {
  const ids = await layoutIds();
  return readLayoutFile(ids.includes(idOrPath) ? join(LAYOUTS, `${idOrPath}.json`) : idOrPath);
}

async function readLayoutFile(path: string): Promise<Layout> {
  const text = await readLayoutText(path);
  if (path.endsWith('.json') || text.trimStart().startsWith('{')) return parseLayout(text, path);
  return layoutFromMaps(parseDmesgMaps(text), { id: basename(path), source: path });
}

async function readLayoutText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const nearest = nearestName(path, await layoutIds());
    throw new UsageError(
      `Cannot read layout ${path}: neither a readable file nor an id of images/layouts; the nearest id is ${nearest}`,
      { cause: error },
    );
  }
}

async function layoutIds(): Promise<string[]> {
  const files = await readdir(LAYOUTS);
  return files.map((file) => basename(file, '.json')).toSorted();
}
