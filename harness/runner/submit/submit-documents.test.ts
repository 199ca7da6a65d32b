// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../errors.ts';
import { silentLog } from '../../log.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { heardLog } from '../../process/testing/heard-log.ts';
import { parseServer } from './kcidb-server.ts';
import { Spool } from './spool.ts';
import { type SubmitOptions, type Submitted, submitDocuments } from './submit-documents.ts';
import { HANG, type KcidbStandIn, TOKEN, startKcidb } from './testing/kcidb-stand-in.ts';

const DOCUMENTS = ['{"tests":[1]}', '{"tests":[2]}'];
const { signal } = new AbortController();

let temp: TempDir;
let spool: Spool;
beforeEach(async () => {
  temp = await makeTempDir();
  spool = new Spool(join(temp.path, 'kcidb'));
  for (const [nr, document] of DOCUMENTS.entries()) {
    await spool.add(document, `2026-11-2${nr}T13:30:00.000Z`);
  }
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function submit(server: KcidbStandIn, over: Partial<SubmitOptions> = {}): Promise<Submitted> {
  const options = { signal, log: silentLog, limitMs: 60_000, firstPauseMs: 1, ...over };
  return submitDocuments(spool, parseServer(server.address), options);
}

describe('submitDocuments', () => {
  it('gives each to the server, the oldest first', async () => {
    await using server = await startKcidb(200);
    expect(await submit(server)).toEqual({ sent: 2, rejected: [], left: null });
    expect(server.requests.map(({ body }) => body)).toEqual(DOCUMENTS);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/submit',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    });
    expect(await spool.names()).toEqual([]);
  });

  it('asks a server that is out of order again', async () => {
    await using server = await startKcidb(502, 502, 200);
    expect(await submit(server)).toEqual({ sent: 2, rejected: [], left: null });
    const [first, second] = DOCUMENTS;
    expect(server.requests.map(({ body }) => body)).toEqual([first, first, first, second]);
  });

  it('waits longer each time', async () => {
    const said: string[] = [];
    const log = heardLog(said, 'info');
    await using server = await startKcidb(502, 502, 502, 200);
    await submit(server, { log, firstPauseMs: 2 });
    const pauses = said.map((line) => /again in (.*)/.exec(line)?.[1]);
    expect(pauses).toEqual(['0.002 s', '0.004 s', '0.008 s']);
  });

  it('keeps what a server does not take in time, for one that does', async () => {
    await using down = await startKcidb(502);
    const why = 'HTTP 502 {"status":"502"}';
    const left = { count: 2, why };
    expect(await submit(down, { limitMs: 5000, firstPauseMs: 6000 })).toEqual({
      sent: 0,
      rejected: [],
      left,
    });
    expect(await spool.names()).toHaveLength(2);
    await using up = await startKcidb(200);
    expect(await submit(up)).toEqual({ sent: 2, rejected: [], left: null });
  });

  it('waits no longer than it may for a server that says nothing', async () => {
    await using server = await startKcidb(200, HANG);
    const startedAt = performance.now();
    const { sent, left } = await submit(server, { limitMs: 2000 });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect([sent, left?.count]).toEqual([1, 1]);
    expect(left?.why).toMatch(/^no answer in [01]\.\d+ s$/);
    expect(await spool.names()).toHaveLength(1);
  });

  it('puts aside what the server will never take, and says why', async () => {
    await using server = await startKcidb(400, 200);
    const { sent, rejected, left } = await submit(server);
    expect([sent, rejected.length, left]).toEqual([1, 1, null]);
    const [path = ''] = rejected;
    expect(await readFile(path, 'utf8')).toBe(DOCUMENTS[0]);
    expect(await readFile(`${path}.why`, 'utf8')).toBe('HTTP 400 {"status":"400"}\n');
    expect(await spool.names()).toEqual([]);
    expect(await submit(server)).toEqual({ sent: 0, rejected: [], left: null });
  });

  it('offers nothing that is larger than a server takes', async () => {
    const [name = ''] = await spool.names();
    await truncate(join(spool.folder, name), 512 * 1024 * 1024 + 1);
    await using server = await startKcidb(200);
    expect(await submit(server)).toMatchObject({ sent: 1, rejected: [expect.any(String)] });
  });

  it('keeps everything where the token is wrong, and does not tell it', async () => {
    await using server = await startKcidb(401);
    const error = await submit(server).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('HTTP 401 {"status":"401"}; are host and token in KCIDB_REST');
    expect(String(error)).not.toContain('SECRET');
    expect(await spool.names()).toHaveLength(2);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { what: 'an answer', reply: HANG, firstPauseMs: 1 },
    { what: 'the next attempt', reply: 502, firstPauseMs: 50_000 },
  ])('ends at once where it waits for $what, and keeps all', async ({ reply, firstPauseMs }) => {
    await using server = await startKcidb(reply);
    const interrupt = new AbortController();
    const submitted = submit(server, { signal: interrupt.signal, firstPauseMs });
    void server.asked.then(() => {
      interrupt.abort();
    });
    await expect(submitted).rejects.toThrow(InterruptedError);
    expect(await spool.names()).toHaveLength(2);
  });

  it('does not send twice what two of us want to send', async () => {
    await using server = await startKcidb(200);
    const both = await Promise.all([submit(server), submit(server)]);
    expect(both.map(({ sent }) => sent)).toEqual(expect.arrayContaining([0, 2]));
    expect(server.requests).toHaveLength(2);
  });
});

describe('Spool', () => {
  it('keeps the same document once', async () => {
    await spool.add(DOCUMENTS[0] ?? '', '2026-11-20T13:30:00.000Z');
    expect(await spool.names()).toHaveLength(2);
  });

  it('takes nothing for a document that it did not write', async () => {
    await mkdir(join(spool.folder, 'rejected'), { recursive: true });
    for (const name of ['.unfinished-1-x', '.hidden.json', 'notes.txt']) {
      await writeFile(join(spool.folder, name), '');
    }
    expect(await spool.names()).toHaveLength(2);
    expect((await readdir(spool.folder)).length).toBeGreaterThan(4);
  });
});
