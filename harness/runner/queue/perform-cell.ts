// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellHost } from '../../cell/cell-host.ts';
import type { Kernel } from '../../kernel/require-kernel.ts';
import type { Layout } from '../../layout/layout.ts';
import { planPersonality } from '../../layout/personality-plan.ts';
import { readLayout } from '../../layout/read-layout.ts';
import type { Log } from '../../log.ts';
import { cachedFolder } from '../../process/cache.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import type { CellPayload, StoredFile } from '../../queue/payload.ts';
import type { CellTools } from '../../queue/worker-options.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { runRepeatable } from '../run-again.ts';
import { packBundle } from './pack-bundle.ts';

/** What the cells of a worker share. */
interface PerformParts {
  readonly host: CellHost;
  readonly store: ArtifactStore;
  readonly log: Log;
}

/** What came of it. */
interface SentBundle {
  readonly kind: 'bundle';
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Runs a cell that somebody asked for, and puts its bundle into the store. Everything that its machine is given comes out
 * of the store by its hash. Throws `InputError` for what is not there or damaged, and what `runCell` throws.
 */
export async function performCell(
  payload: CellPayload,
  { host, store, log }: PerformParts,
  { signal, onPhase, onOff }: CellTools,
): Promise<SentBundle> {
  onPhase('fetching');
  const fetch = (file: StoredFile): Promise<string> => fetched(file, { host, store, log }, signal);
  const kernel = await kernelOf(payload, fetch);
  const layout = await layoutOf(payload, fetch);
  const { code, vars, description } = payload.ovmf;
  const ovmf = {
    code: await fetch(code),
    vars: await fetch(vars),
    descriptor: null,
    description,
    sha256: code.sha256,
    varsSha256: vars.sha256,
  };
  const { id, spec, known, fault, keep } = payload;
  await using temp = await makeTempDir();
  const folder = join(temp.path, id);
  const own: CellHost = {
    ...host,
    ovmf: () => Promise.resolve(ovmf),
    budgetScale: payload.budget,
    keepMemory: payload.keepMemory,
  };
  const again = async (): Promise<Kernel> => kernelOf(payload, fetch);
  const job = { id, spec, kernel, layout, known, fault, folder, signal, onPhase, again };
  await runRepeatable(job, own, { keep, shared: null });
  onOff();
  onPhase('sending');
  const to = join(temp.path, 'bundle.tar');
  await packBundle(folder, { id, to, signal });
  const { size: bytes } = await stat(to);
  return { kind: 'bundle', sha256: await store.put(to, signal), bytes };
}

async function kernelOf(
  { spec, kernel }: CellPayload,
  fetch: (file: StoredFile) => Promise<string>,
): Promise<Kernel> {
  const { release, image, modules } = kernel;
  const paths = new Map<string, string>();
  for (const module of modules) paths.set(await fetch(module), module.sha256);
  return {
    ref: spec.kernel,
    release,
    image: await fetch(image),
    imageSha256: image.sha256,
    modules: [...paths.keys()],
    networkModules: [],
    moduleSha256: paths,
    package: kernel.package,
    policy: null,
  };
}

async function layoutOf(
  { layout: file }: CellPayload,
  fetch: (file: StoredFile) => Promise<string>,
): Promise<Layout | null> {
  if (file === null) return null;
  const layout = await readLayout(await fetch(file));
  planPersonality(layout);
  return layout;
}

/** A file out of the store, in the cache: fetched once. */
async function fetched(
  { name, sha256 }: StoredFile,
  { host, store, log }: PerformParts,
  signal: AbortSignal,
): Promise<string> {
  const place = join(host.cacheDir, 'fetched', `${sha256}.${name}`);
  const build = (folder: string): Promise<void> => store.get(sha256, join(folder, name), signal);
  return join(await cachedFolder(place, build, { signal, log }), name);
}
