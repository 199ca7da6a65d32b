// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { parseServer, postDocument } from './kcidb-server.ts';
import { type Reply, TOKEN, startKcidb } from './testing/kcidb-stand-in.ts';

const { signal } = new AbortController();

async function answerOf(reply: Reply): Promise<{ kind: string; why: string; asked: number }> {
  await using server = await startKcidb(reply);
  const document = new TextEncoder().encode('{}');
  const timeoutMs = 5000;
  const answer = await postDocument(parseServer(server.address), document, { timeoutMs, signal });
  return { ...answer, asked: server.requests.length };
}

describe('parseServer', () => {
  it.each([
    ['https://tok.en@db.kernelci.org/', 'https://db.kernelci.org/submit'],
    ['https://tok.en@db.kernelci.org', 'https://db.kernelci.org/submit'],
    ['https://tok.en@db.kernelci.org:8443/a/', 'https://db.kernelci.org:8443/a/submit'],
    ['https://tok.en:x@db.kernelci.org/submit#y', 'https://db.kernelci.org/submit'],
    ['http://tok.en@127.0.0.1:80/', 'http://127.0.0.1/submit'],
  ])('reads %s', (address, url) => {
    expect(parseServer(address)).toEqual({ host: new URL(url).host, url, token: 'tok.en' });
  });

  it('reads what an address must spell out', () => {
    expect(parseServer('https://a%2Fb%2b%3D@h/').token).toBe('a/b+=');
  });

  it.each([
    [undefined, 'it is not set'],
    ['db.kernelci.org', 'it is no address'],
    ['https://db.kernelci.org/', 'it has no token'],
    ['https://a%0d%0ab@db.kernelci.org/', 'it has no token'],
    ['https://%ff@db.kernelci.org/', 'it has no token'],
    ['http://SECRET@db.kernelci.org/', 'it does not begin with https://'],
    ['ftp://SECRET@localhost/', 'it does not begin with https://'],
  ])('refuses %s, and does not repeat it', (address, why) => {
    const expected = 'expected https://<token>@<host>/, which KernelCI gives you';
    const message = `Cannot use KCIDB_REST: ${why}; ${expected}`;
    expect(() => parseServer(address)).toThrow(new UsageError(message));
  });
});

describe('postDocument', () => {
  it.each([
    [200, 'taken'],
    [202, 'taken'],
    [302, 'denied'],
    [400, 'refused'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'denied'],
    [408, 'later'],
    [413, 'refused'],
    [422, 'refused'],
    [429, 'later'],
    [500, 'later'],
    [502, 'later'],
    [504, 'later'],
  ])('understands %d as %s', async (status, kind) => {
    expect(await answerOf(status)).toMatchObject({ kind, asked: 1 });
  });

  it('follows nobody to another place, with the token', async () => {
    await using other = await startKcidb(200);
    const answer = await answerOf((response) => {
      response.writeHead(307, { location: other.address }).end();
    });
    expect(answer.kind).toBe('denied');
    expect(other.requests).toEqual([]);
  });

  it('reads the beginning of an answer without an end, and no token in it', async () => {
    const { kind, why } = await answerOf((response) => {
      response.writeHead(400);
      response.write(`bad token ${TOKEN}\n\u001b[2J`);
      const more = (): boolean => response.write('x'.repeat(65_536), more);
      more();
    });
    expect(kind).toBe('refused');
    expect(why).toMatch(/^HTTP 400 bad token \*\*\* /);
    expect(why.length).toBeLessThan(3000);
  });

  it('says why there is no server', async () => {
    const server = await startKcidb(200);
    const { address } = server;
    await server[Symbol.asyncDispose]();
    const document = new Uint8Array(1);
    const options = { timeoutMs: 5000, signal };
    const { kind, why } = await postDocument(parseServer(address), document, options);
    expect([kind, why]).toEqual(['later', expect.stringMatching(/^connect ECONNREFUSED /)]);
  });

  it('knows a server that hangs up', async () => {
    const { kind } = await answerOf((response) => {
      response.destroy();
    });
    expect(kind).toBe('later');
  });
});
