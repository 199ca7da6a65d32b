// SPDX-License-Identifier: MIT
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import type { KcidbDocument } from '../report/kcidb/kcidb-schema.ts';
import { kcidbViolations } from '../report/kcidb/testing/kcidb-violations.ts';
import { HANG, startKcidb } from '../runner/submit/testing/kcidb-stand-in.ts';
import type { CommandEnd } from '../testing/run-command.ts';
import { runSub1m, startSub1m } from '../testing/run-sub1m.ts';

describe('sub1m submit', { timeout: 60_000 }, () => {
  let state: TempDir;
  let bundle: string;
  beforeEach(async () => {
    state = await makeTempDir();
    bundle = join(state.path, 'bundle');
    await cp(projectPath('harness/testdata/5.10-256m'), bundle, { recursive: true });
  });
  afterEach(async () => {
    await state[Symbol.asyncDispose]();
  });
  const waiting = async (): Promise<string[]> => {
    const names = await readdir(join(state.path, 'sub1m/kcidb'));
    return names.filter((name) => name.endsWith('.json'));
  };

  /** Submits the run to a server that hangs, and gives it a second. */
  const submitToNobody = async (): Promise<CommandEnd & { readonly asked: number }> => {
    await using server = await startKcidb(HANG);
    const env = { XDG_STATE_HOME: state.path, KCIDB_REST: server.address };
    const end = await runSub1m(['submit', bundle, '--wait', '1'], env);
    return { ...end, asked: server.requests.length };
  };

  it('keeps a run that the server does not take in time', async () => {
    const { status, stdout, stderr, asked } = await submitToNobody();
    expect([status, asked]).toEqual([69, 1]);
    expect(stdout).toMatch(/^0 documents sent to 127\.0\.0\.1:\d+, 0 refused, 1 left\n$/);
    expect(stderr).toMatch(/warning: 1 document left in .*: no answer in \d/);
    expect(stdout + stderr).not.toContain('SECRET');
    expect(await waiting()).toHaveLength(1);
  });

  it('ends by Ctrl-C, and keeps it', async () => {
    await submitToNobody();
    await using server = await startKcidb(HANG);
    const env = { XDG_STATE_HOME: state.path, KCIDB_REST: server.address };
    const { child, ended } = startSub1m(['submit'], env);
    await server.asked;
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect([status, stdout]).toEqual([130, '']);
    expect(stderr).not.toContain('SECRET');
    expect(await waiting()).toHaveLength(1);
  });

  it('submits it the next time, as KCIDB takes it', async () => {
    await submitToNobody();
    await using server = await startKcidb(200);
    const env = { XDG_STATE_HOME: state.path, KCIDB_REST: server.address };
    const { status, stdout } = await runSub1m(['submit'], env);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^1 document sent .* 0 left\n$/)]);
    expect(await waiting()).toEqual([]);
    const document = JSON.parse(server.requests[0]?.body ?? '') as KcidbDocument;
    expect(kcidbViolations(document)).toEqual([]);
    const locked = document.tests.find(({ path }) => path === 'sub1m.lowmem.locked');
    expect([locked?.status, document.builds[0]?.misc?.['release']]).toEqual([
      'PASS',
      '5.10.0-46-cloud-amd64',
    ]);
  });

  it('refuses to begin without a server', async () => {
    const env = { XDG_STATE_HOME: state.path, KCIDB_REST: '' };
    const { status, stderr } = await runSub1m(['submit', bundle], env);
    expect(status).toBe(64);
    expect(stderr).toContain('Cannot use KCIDB_REST: it is not set');
  });
});
