// SPDX-License-Identifier: MIT
/** What GitHub's own actions do to files, on folders of this host: enough for the workflows of this repository. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

/** What a stand-in works on. */
export interface Place {
  /** Where artifacts and caches lie, for all jobs. */
  readonly store: string;
  readonly workspace: string;
}

type Inputs = Readonly<Record<string, string>>;
type StandIn = (inputs: Inputs, place: Place) => Promise<Record<string, string>>;

/** Each action, at the version that the workflows use, and the inputs that its stand-in follows. */
export const STAND_INS: Readonly<Record<string, { inputs: readonly string[]; act: StandIn }>> = {
  'actions/upload-artifact@v6': { inputs: ['name', 'path', 'overwrite'], act: uploadArtifact },
  'actions/download-artifact@v7': { inputs: ['name', 'pattern', 'path'], act: downloadArtifact },
  'actions/cache/restore@v5': { inputs: ['path', 'key', 'restore-keys'], act: restoreCache },
  'actions/cache/save@v5': { inputs: ['path', 'key'], act: saveCache },
};

/** Files whose names begin with a point stay behind, as they do on GitHub. */
async function uploadArtifact(
  { name = '', path = '' }: Inputs,
  { store, workspace }: Place,
): Promise<Record<string, string>> {
  const from = resolve(workspace, path);
  const to = join(store, 'artifacts', name);
  if (/["<>:|*?\r\n\\/]/.test(name)) throw new Error(`no name of an artifact: ${name}`);
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const isFolder = (await stat(from)).isDirectory();
  for (const file of isFolder ? await readdir(from, { recursive: true }) : [basename(from)]) {
    if (/["<>:|*?\r\n]/.test(file)) throw new Error(`no name of a file of an artifact: ${file}`);
  }
  const filter = (file: string): boolean => !basename(file).startsWith('.');
  await cp(from, isFolder ? to : join(to, basename(from)), { recursive: true, filter });
  return {};
}

async function downloadArtifact(
  { name, pattern = '', path = '.' }: Inputs,
  { store, workspace }: Place,
): Promise<Record<string, string>> {
  const to = resolve(workspace, path);
  await mkdir(to, { recursive: true });
  if (name !== undefined) {
    await cp(join(store, 'artifacts', name), to, { recursive: true });
    return {};
  }
  const [start = '', end = ''] = pattern.split('*');
  for (const one of await namesIn(join(store, 'artifacts'))) {
    if (!one.startsWith(start) || !one.endsWith(end)) continue;
    await cp(join(store, 'artifacts', one), join(to, one), { recursive: true });
  }
  return {};
}

async function restoreCache(
  { path = '', key = '', 'restore-keys': others = '' }: Inputs,
  { store, workspace }: Place,
): Promise<Record<string, string>> {
  const caches = join(store, 'caches');
  const found = existsSync(join(caches, key)) ? key : await newestOf(caches, others.split('\n'));
  if (found === undefined) return { 'cache-hit': '' };
  await cp(join(caches, found), resolve(workspace, path), {
    recursive: true,
    preserveTimestamps: true,
  });
  return { 'cache-hit': String(found === key), 'cache-matched-key': found };
}

/** The newest cache whose key begins with the first prefix that fits any. */
async function newestOf(caches: string, prefixes: readonly string[]): Promise<string | undefined> {
  const names = await namesIn(caches);
  for (const prefix of prefixes.map((one) => one.trim()).filter((one) => one !== '')) {
    const fitting = names.filter((one) => one.startsWith(prefix));
    const times = await Promise.all(
      fitting.map(async (one) => ({ one, made: (await stat(join(caches, one))).birthtimeMs })),
    );
    const newest = times.toSorted((a, b) => b.made - a.made)[0];
    if (newest) return newest.one;
  }
  return undefined;
}

/** A cache that is there is never changed. */
async function saveCache(
  { path = '', key = '' }: Inputs,
  { store, workspace }: Place,
): Promise<Record<string, string>> {
  const to = join(store, 'caches', key);
  if (existsSync(to)) return {};
  await cp(resolve(workspace, path), to, { recursive: true, preserveTimestamps: true });
  return {};
}

async function namesIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}
