// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import type { CellSpec } from '../../bundle/cell-record.ts';
import { InputError } from '../../errors.ts';
import type { Kernel } from '../../kernel/require-kernel.ts';
import { layoutPath } from '../../layout/read-layout.ts';
import type { PlannedCell } from '../../matrix/expand.ts';
import { matchKnownDefects } from '../../matrix/known-defects.ts';
import { sha256 } from '../../process/file-hash.ts';
import type { AskedCell } from '../../queue/ask.ts';
import type { Needs } from '../../queue/offer.ts';
import {
  type CellPayload,
  QUEUE_VERSION,
  type StoredFile,
  parseSent,
  payloadSchema,
} from '../../queue/payload.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { queueVersions } from './queue-versions.ts';
import { withRecipePolicy } from '../recipe-policy.ts';
import type { RunParts } from '../run-cells.ts';

/** Brings what machines are given to a store, each file once. */
export class Shipper {
  readonly #store: ArtifactStore;
  readonly #signal: AbortSignal;
  readonly #put = new Map<string, Promise<string>>();

  constructor(store: ArtifactStore, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  /** Stores a file that must have this hash, if it is given. Throws `InputError` if it has another. */
  async ship(path: string, name: string, expected?: string): Promise<StoredFile> {
    const putting = this.#put.get(path) ?? this.#store.put(path, this.#signal);
    this.#put.set(path, putting);
    const found = await putting;
    if (expected === undefined || found === expected) return { name, sha256: found };
    throw new InputError(
      `Cannot send ${path} to workers: expected sha256 ${expected}, found ${found}; start a new run`,
    );
  }
}

/** A cell as workers are asked for it: what its machine is given is in the store. */
export async function shipCell(
  { id, spec: asked, fault }: PlannedCell,
  kernel: Kernel,
  { parts, shipper }: { readonly parts: RunParts; readonly shipper: Shipper },
): Promise<AskedCell> {
  const spec = withRecipePolicy(asked, kernel);
  const ovmf = await parts.host.ovmf(spec.ovmf);
  const modules: StoredFile[] = [];
  for (const path of kernel.modules) {
    modules.push(await shipper.ship(path, basename(path), kernel.moduleSha256.get(path)));
  }
  const asks: CellPayload = {
    schema: QUEUE_VERSION,
    id,
    spec,
    kernel: {
      release: kernel.release,
      package: kernel.package,
      image: await shipper.ship(kernel.image, 'vmlinuz', kernel.imageSha256),
      modules,
    },
    ovmf: {
      code: await shipper.ship(ovmf.code, 'code.fd', ovmf.sha256),
      vars: await shipper.ship(ovmf.vars, 'vars.fd', ovmf.varsSha256),
      description: ovmf.description,
    },
    layout: await shipLayout(spec.layout, shipper, parts),
    known: matchKnownDefects(parts.known, spec, kernel.release),
    fault: fault ?? null,
    keep: parts.keeping.keep,
    keepMemory: parts.host.keepMemory,
    budget: parts.host.budgetScale,
  };
  // As a worker reads it, and its fields in one order: a run that goes on has the same jobs.
  const payload = parseSent(asks, payloadSchema, `the cell ${id}`);
  return { job: jobOf(payload), needs: needsOf(spec), payload };
}

/** What the machine of a cell needs of a worker. */
export function needsOf({ cpus, memoryMiB, accel }: CellSpec): Needs {
  return { cpus, memoryMiB, kvm: accel === 'kvm' };
}

/** A layout's file, under a name by which a reader tells its kind. */
async function shipLayout(
  layout: string,
  shipper: Shipper,
  { layouts }: RunParts,
): Promise<StoredFile | null> {
  const read = layouts.get(layout);
  if (read === null || read === undefined) return null;
  const path = await layoutPath(layout);
  const plain = basename(path)
    .replaceAll(/[^\w.+-]/g, '-')
    .slice(-90);
  return shipper.ship(path, plain.replace(/^\W+/, 'layout'));
}

/** The id of a job: all that the cell is, by content, and the sub1m that runs it. */
function jobOf(payload: CellPayload): string {
  return sha256(JSON.stringify([payload, queueVersions()]));
}
