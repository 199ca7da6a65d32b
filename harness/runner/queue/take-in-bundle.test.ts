// SPDX-License-Identifier: MIT
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CellRecord, cellRecordSchema } from '../../bundle/cell-record.ts';
import { InputError, QueueError } from '../../errors.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { projectPath } from '../../project-root.ts';
import { type CellPayload, QUEUE_VERSION } from '../../queue/payload.ts';
import { FolderStore } from '../../store/folder-store.ts';
import { packBundle } from './pack-bundle.ts';
import { takeInBundle } from './take-in-bundle.ts';

const { signal } = new AbortController();

/** A cell that ran: the first of the test data. */
async function someBundle(): Promise<{ folder: string; record: CellRecord }> {
  const testdata = projectPath('harness/testdata');
  const names = await readdir(testdata, { recursive: true });
  const [name = ''] = names.filter((path) => path.endsWith('cell.json')).toSorted();
  const folder = join(testdata, name, '..');
  const json: unknown = JSON.parse(await readFile(join(folder, 'cell.json'), 'utf8'));
  return { folder, record: cellRecordSchema.parse(json) };
}

function payloadFor({ id, spec, kernel, machine, known, fault }: CellRecord): CellPayload {
  const file = (sha256: string) => ({ name: 'file', sha256 });
  return {
    schema: QUEUE_VERSION,
    id,
    spec,
    kernel: {
      release: '6.12',
      package: null,
      image: file(kernel?.imageSha256 ?? ''),
      modules: [],
    },
    ovmf: { code: file(machine?.ovmf.sha256 ?? ''), vars: file(''), description: '' },
    layout: null,
    known,
    fault,
    keep: 'all',
    keepMemory: false,
    budget: 1,
  };
}

/** A bundle in a store, as a worker sent it, and the folder of a run. */
async function sent(temp: string, spoil: (folder: string) => Promise<void> = async () => {}) {
  const { folder, record } = await someBundle();
  const [path, results, own] = ['store', 'results', 'own'].map((name) => join(temp, name)) as [
    string,
    string,
    string,
  ];
  for (const one of [path, results]) await mkdir(one);
  await cp(folder, own, { recursive: true });
  await spoil(own);
  const tar = join(temp, 'bundle.tar');
  await packBundle(own, { id: record.id, to: tar, signal });
  const store = await FolderStore.open(path);
  const result = { kind: 'bundle', sha256: await store.put(tar, signal), bytes: 1, worker: 'w' };
  return { store, results, path, record, result: result as typeof result & { kind: 'bundle' } };
}

it('takes in a bundle, judges it by its evidence, and removes it from the store', async () => {
  await using temp = await makeTempDir();
  const { store, results, path, record, result } = await sent(temp.path, (folder) =>
    writeFile(join(folder, 'verdict.json'), '{"verdict": "all is well"}'),
  );
  const judged = await takeInBundle(result, payloadFor(record), { store, results, signal });
  expect(judged.record).toEqual(record);
  expect(await readdir(results)).toEqual([record.id]);
  const verdict = await readFile(join(results, record.id, 'verdict.json'), 'utf8');
  expect(verdict).not.toContain('all is well');
  expect(JSON.parse(verdict)).toMatchObject({ verdict: { kind: judged.judgement.verdict.kind } });
  expect((await readdir(path, { recursive: true })).filter((name) => name.includes('/'))).toEqual(
    [],
  );
});

it.each([
  {
    what: 'specification',
    spoil: (asked: CellPayload) => ({ ...asked, spec: { ...asked.spec, cpus: 9 } }),
  },
  {
    what: 'fault',
    spoil: (asked: CellPayload) => ({ ...asked, fault: { name: 'x', caughtBy: [] } }),
  },
  {
    what: 'known defects',
    spoil: (asked: CellPayload) => ({ ...asked, known: [{ invariant: 'a', reference: 'b' }] }),
  },
  {
    what: 'kernel image',
    spoil: (asked: CellPayload) => ({
      ...asked,
      kernel: { ...asked.kernel, image: { name: 'a', sha256: '00' } },
    }),
  },
  {
    what: 'firmware',
    spoil: (asked: CellPayload) => ({
      ...asked,
      ovmf: { ...asked.ovmf, code: { name: 'a', sha256: '00' } },
    }),
  },
])('refuses the bundle of a cell whose $what is another', async ({ what, spoil }) => {
  await using temp = await makeTempDir();
  const { store, results, record, result } = await sent(temp.path);
  const taking = takeInBundle(result, spoil(payloadFor(record)), { store, results, signal });
  await expect(taking).rejects.toThrow(QueueError);
  await expect(taking).rejects.toThrow(`its ${what} is not what was asked for`);
  expect(await readdir(results)).toEqual([]);
});

it('refuses a bundle under another name, one without a record, and one that the store lost', async () => {
  await using temp = await makeTempDir();
  const { store, results, record, result } = await sent(temp.path, (folder) =>
    writeFile(join(folder, 'cell.json'), '{}'),
  );
  const options = { store, results, signal };
  const other = { ...payloadFor(record), id: 'other' };
  await expect(takeInBundle(result, other, options)).rejects.toThrow('the bundle of other alone');
  await expect(takeInBundle(result, payloadFor(record), options)).rejects.toThrow(
    'Cannot take what worker w sent: ',
  );
  await store.remove(result.sha256);
  await expect(takeInBundle(result, payloadFor(record), options)).rejects.toThrow(InputError);
  expect(await readdir(results)).toEqual([]);
});
