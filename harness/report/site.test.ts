// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { mergeRuns } from '../matrix/merge-runs.ts';
import { plan, sourceRun, third } from '../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { renderRunDocument } from './run-document.ts';
import { requireSite, writeSite } from './site.ts';
import { parseDocument } from './testing/documents.ts';
import { runOf } from './testing/run-builder.ts';

const NOTHING = { unread: [], notes: [], mixed: [] };
const RUN = mergeRuns([sourceRun(third(1), ['a', 'b'])], NOTHING);

describe('writeSite', () => {
  it('makes a folder with a page and the document, and leaves nothing beside it', async () => {
    await using temp = await makeTempDir();
    const site = join(temp.path, 'new/site');
    await writeSite(RUN, site);
    expect(await readdir(join(temp.path, 'new'))).toEqual(['site']);
    expect((await readdir(site)).toSorted()).toEqual(['index.html', 'run.json']);
    const document = parseDocument('run', await readFile(join(site, 'run.json'), 'utf8'));
    expect(document.merge?.absentShards).toEqual(['2/3', '3/3']);
    expect(await readFile(join(site, 'index.html'), 'utf8')).toContain('Missing: 4 cells');
  });

  it('fills an empty folder', async () => {
    await using temp = await makeTempDir();
    await writeSite(RUN, temp.path);
    expect(await readdir(temp.path)).toContain('index.html');
  });

  it('replaces its own files in a site, and no others', async () => {
    await using temp = await makeTempDir();
    const site = join(temp.path, 'site');
    await writeSite(RUN, site);
    await writeFile(join(site, 'CNAME'), 'example.org');
    await writeFile(join(site, 'history.html'), 'of an earlier run');
    await requireSite(site);
    await writeSite(mergeRuns([sourceRun(plan(), ['a'])], NOTHING), site);
    expect(await readFile(join(site, 'CNAME'), 'utf8')).toBe('example.org');
    expect(await readFile(join(site, 'run.json'), 'utf8')).toContain('"run": "night"');
    expect(await readdir(site)).not.toContain('history.html');
    expect(await readdir(temp.path)).toEqual(['site']);
  });

  it('leaves nothing half-written', async () => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'file'), '');
    const site = join(temp.path, 'file/site');
    await expect(writeSite(RUN, site)).rejects.toThrow(HostError);
    const failing = { ...RUN, cells: null } as never;
    await expect(writeSite(failing, join(temp.path, 'site'))).rejects.toThrow(TypeError);
    expect(await readdir(temp.path)).toEqual(['file']);
  });
});

describe('requireSite', () => {
  it('takes what is not there, what is empty, and a site', async () => {
    await using temp = await makeTempDir();
    await expect(requireSite(join(temp.path, 'new'))).resolves.toBeUndefined();
    await expect(requireSite(temp.path)).resolves.toBeUndefined();
    await writeSite(RUN, temp.path);
    await expect(requireSite(temp.path)).resolves.toBeUndefined();
  });

  it.each([
    ['a folder with something in it', 'notes.txt', 'mine'],
    ['the results of a run', 'run.json', renderRunDocument(runOf())],
    ['a document that only has the word in it', 'run.json', '{"schema": 2, "run": "\\"merge\\":"}'],
  ])('refuses %s', async (_, name, text) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, name), text);
    await expect(requireSite(temp.path)).rejects.toThrow(
      new UsageError(
        `Cannot write a site to ${temp.path}: expected a new or empty folder, or a site of sub1m, ` +
          `found ${name}; name another with --out`,
      ),
    );
  });

  it('refuses a file, and a folder where the document should be', async () => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'file'), '');
    await expect(requireSite(join(temp.path, 'file'))).rejects.toThrow('found a file');
    await mkdir(join(temp.path, 'run.json'));
    await expect(requireSite(temp.path)).rejects.toThrow('found file, run.json');
  });
});
