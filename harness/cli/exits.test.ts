// SPDX-License-Identifier: MIT
/** Every way out of the program: only a verdict is 1, whatever happens to its output, and to itself. */
import { cp, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeKernelTree } from '../kernel/testing/kernel-tree-builder.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { type CommandEnd, runCommand } from '../testing/run-command.ts';
import { leftBehind, runSub1m, startSub1m, sub1mCommand } from '../testing/run-sub1m.ts';

const TESTDATA = join(import.meta.dirname, '../testdata');

/** A folder with bundles of cells that ran, by the names of their cells. */
async function runWith(cells: Readonly<Record<string, string>>): Promise<TempDir> {
  const run = await makeTempDir();
  for (const [name, of] of Object.entries(cells)) {
    await cp(join(TESTDATA, of), join(run.path, name), { recursive: true });
  }
  return run;
}

const [MATCH, MISMATCH] = ['5.10-off', '5.10-4g'];

/** Runs sub1m with redirections, as a shell does them. */
function redirected(redirections: string, args: readonly string[]): Promise<CommandEnd> {
  return runCommand(['bash', '-c', `"$@" ${redirections}`, 'bash', ...sub1mCommand(), ...args]);
}

/** Has Node run this before the program. */
function preloading(script: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

// Each starts a process, which takes a second or two on an idle host.
describe('with output that cannot be written, sub1m judge', { timeout: 60_000 }, () => {
  it.each([
    { to: '>/dev/null', match: 0, mismatch: 1 },
    // Notes are lost, the verdict is not.
    { to: '>/dev/null 2>/dev/full', match: 0, mismatch: 1 },
    { to: '>/dev/null 2>&-', match: 0, mismatch: 1 },
    { to: '2>/dev/full >&2', match: 69, mismatch: 69 },
    { to: '>/dev/full', match: 69, mismatch: 69 },
    { to: '>&-', match: 0, mismatch: 1 },
    { to: '| head -1; exit ${PIPESTATUS[0]}', match: 0, mismatch: 1 },
    { to: '2>&1 | true; exit ${PIPESTATUS[0]}', match: 0, mismatch: 1 },
  ])('$to: ends a match with $match and a mismatch with $mismatch', async ({ to, ...statuses }) => {
    await using run = await runWith({ match: MATCH, mismatch: MISMATCH });
    for (const name of ['match', 'mismatch'] as const) {
      const args = ['judge', join(run.path, name), '--json'];
      expect((await redirected(to, args)).status).toBe(statuses[name]);
    }
  });

  it('says on standard error why a report was lost', async () => {
    await using run = await runWith({ match: MATCH });
    const { stderr } = await redirected('>/dev/full', ['judge', run.path]);
    expect(stderr).toMatch(/^sub1m: Cannot write to standard output: ENOSPC: no space left .*\n$/);
  });

  it('writes all other reports when one cannot be written, and ends with 69', async () => {
    await using run = await runWith({ mismatch: MISMATCH });
    const reporters = ['junit:/dev/null/junit.xml', 'json', `tap:${run.path}/run.tap`];
    const options = reporters.flatMap((reporter) => ['--reporter', reporter]);
    const { status, stdout, stderr } = await runSub1m(['judge', run.path, ...options]);
    expect(status).toBe(69);
    expect(stderr).toContain('Cannot write report /dev/null/junit.xml');
    expect(parseDocument('run', stdout).summary.mismatch).toBe(1);
    expect(await readFile(join(run.path, 'run.tap'), 'utf8')).toContain('not ok 1 - ');
  });

  it.each([
    { args: ['--help'], to: '| true; exit ${PIPESTATUS[0]}', status: 0 },
    { args: ['model', '--layout', 'x1c7'], to: '| head -1; exit ${PIPESTATUS[0]}', status: 0 },
    { args: ['model', '--layout', 'x1c7', '--json'], to: '>/dev/full', status: 69 },
    { args: ['--version'], to: '>/dev/full', status: 69 },
    { args: ['check', '/no/kernel', '--bisect-run'], to: '2>/dev/full', status: 192 },
    { args: ['check', '/no/kernel', '--bisect-run'], to: '>/dev/full 2>&1', status: 192 },
    { args: ['check', '/etc/passwd', '--bisect-run'], to: '2>/dev/full', status: 125 },
    { args: ['check', '--nonsense', '--bisect-run'], to: '2>/dev/full', status: 192 },
  ])('so do other commands: $args $to', async ({ args, to, status }) => {
    expect((await redirected(to, args)).status).toBe(status);
  });
});

/** Each throws where nobody awaits it, once the program listens for Ctrl-C. */
const BUGS: Readonly<Record<string, string>> = {
  timer: `setTimeout(() => { throw new TypeError('late'); }, 1);`,
  promise: `void Promise.reject(new TypeError('late'));`,
  stream: `new EventEmitter().emit('error', new TypeError('late'));`,
  handler: `process.once('SIGUSR2', () => { throw new TypeError('late'); }); process.kill(process.pid, 'SIGUSR2');`,
  twice: `setImmediate(() => { throw new TypeError('late'); }); setImmediate(() => { throw new TypeError('later'); });`,
};

describe('a bug of ours', { timeout: 60_000 }, () => {
  it.each(Object.keys(BUGS))('in a %s ends no command with a verdict', async (where) => {
    const env = preloading(`
      import { EventEmitter } from 'node:events';
      process.on('newListener', (name) => {
        if (name === 'SIGHUP') setImmediate(() => { ${BUGS[where]} });
      });`);
    await using run = await runWith({ mismatch: MISMATCH });
    const end = await runSub1m(['judge', run.path], env);
    expect(end.stderr).toContain('sub1m: a bug of ours; please report it\nTypeError: late\n');
    expect(end.status).toBe(70);
  });

  it('in the judgement of one cell keeps no other from its verdict', async () => {
    // What writes the judgement of the second cell throws what is no error of the host.
    const env = preloading(`
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const original = fs.renameSync;
      let verdicts = 0;
      fs.renameSync = (from, to) => {
        if (/verdict/.test(String(to)) && ++verdicts === 2) throw new RangeError('too far');
        return original(from, to);
      };
      syncBuiltinESMExports();`);
    await using run = await runWith({ 'a-match': MATCH, 'b-bug': MATCH, 'c-match': MATCH });
    const { status, stdout, stderr } = await runSub1m(['judge', run.path, '--json'], env);
    expect(parseDocument('run', stdout).summary).toMatchObject({ match: 2, unjudged: 0 });
    expect(stderr).toContain(`not judged: ${run.path}/b-bug: A bug of ours; please report it`);
    expect(stderr).toContain('RangeError: too far');
    expect(status).toBe(70);
  });

  it('that leaves nothing to wait for is one, too', async () => {
    const env = preloading(`
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.promises.readdir = () => new Promise(() => {});
      syncBuiltinESMExports();`);
    const { status, stderr } = await runSub1m(['model', '--layout', 'x1c7'], env);
    expect(stderr).toContain('The command ended before its work was done');
    expect(status).toBe(70);
  });
});

describe('sub1m judge of a run that was cut short', { timeout: 60_000 }, () => {
  /** What is wrong with one folder of a run, and what is said of it. */
  const DAMAGES: readonly {
    readonly damage: (cell: string) => Promise<unknown>;
    readonly says: string;
  }[] = [
    {
      // It has no cell.json after a SIGKILL.
      damage: (cell) => rm(join(cell, 'cell.json')),
      says: 'It has no cell.json: sub1m was killed before the cell ended; run the cell again$',
    },
    {
      // It has half a cell.json.
      damage: async (cell) => {
        const path = join(cell, 'cell.json');
        await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100));
      },
      says: 'not JSON',
    },
    {
      // It has a cell.json of something else.
      damage: (cell) => writeFile(join(cell, 'cell.json'), '{"schema": 1}'),
      says: 'Cannot read cell record',
    },
    {
      // It has a cell.json that cannot be read.
      damage: async (cell) => {
        await rm(join(cell, 'cell.json'));
        await symlink('cell.json', join(cell, 'cell.json'));
      },
      says: 'cell.json',
    },
    {
      // It has a folder for a cell.json.
      damage: async (cell) => {
        await rm(join(cell, 'cell.json'));
        await mkdir(join(cell, 'cell.json'));
      },
      says: 'cell.json',
    },
    {
      // It is empty.
      damage: async (cell) => {
        await rm(cell, { recursive: true });
        await mkdir(cell);
      },
      says: 'It has no cell.json',
    },
  ];

  it('judges the others, and names each that cannot be judged', async () => {
    const lost = DAMAGES.map((_, nr) => [`b-lost-${nr}`, MATCH] as const);
    await using run = await runWith({
      'a-match': MATCH,
      ...Object.fromEntries(lost),
      'c-match': MATCH,
    });
    for (const [nr, { damage }] of DAMAGES.entries()) await damage(join(run.path, `b-lost-${nr}`));
    const sound = await runSub1m(['judge', run.path, '--json']);
    const notes = sound.stderr.trimEnd().split('\n');
    expect(notes).toHaveLength(DAMAGES.length);
    for (const [nr, { says }] of DAMAGES.entries()) {
      expect(notes[nr]).toMatch(new RegExp(`not judged: ${run.path}/b-lost-${nr}: .*${says}`));
    }
    expect(parseDocument('run', sound.stdout).summary).toMatchObject({ match: 2, unjudged: 0 });
    expect(sound.status).toBe(69);
    await cp(join(TESTDATA, MISMATCH), join(run.path, 'd-mismatch'), { recursive: true });
    expect((await runSub1m(['judge', run.path])).status).toBe(1);
  });

  it('reports no cell when none can be judged, and says which there were', async () => {
    await using run = await runWith({ 'a-lost': MATCH });
    await rm(join(run.path, 'a-lost/cell.json'));
    await writeFile(join(run.path, '.claimed-by-run'), '1\n');
    const { status, stdout, stderr } = await runSub1m(['judge', run.path]);
    expect(stderr).toContain(`not judged: ${run.path}/a-lost: It has no cell.json`);
    expect(stdout).toContain('0 cells');
    expect(status).toBe(69);
  });

  it('refuses a folder that is no run, however many folders are in it, with 64', async () => {
    await using run = await runWith({ 'a-lost': MATCH });
    await rm(join(run.path, 'a-lost/cell.json'));
    const { status, stderr } = await runSub1m(['judge', run.path]);
    expect(stderr).toBe(
      `sub1m: Cannot judge ${run.path}: expected the folder of a run or a cell; they are under results/\n`,
    );
    expect(status).toBe(64);
  });
});

describe('a signal', { timeout: 60_000 }, () => {
  /** A build that says its pid and does not end, nor does SIGTERM end it. */
  const STUBBORN = `trap '' TERM INT HUP; echo $$ >"$MARKER"; while :; do sleep 0.1; done`;

  /** Starts such a build, and waits until it runs. Gives the process and what its pid says. */
  async function building(temp: TempDir, args: readonly string[]) {
    const tree = join(temp.path, 'linux');
    await writeKernelTree(tree, `${STUBBORN}\n`);
    const marker = join(temp.path, 'pid');
    const env = { XDG_CACHE_HOME: join(temp.path, 'cache'), MARKER: marker };
    const [command = '', ...rest] = args;
    const running = startSub1m([command, tree, ...rest], env);
    await expect.poll(() => existsSync(marker) && readPid(marker)).toBeGreaterThan(1);
    return { running, pid: await readPid(marker) };
  }

  async function readPid(path: string): Promise<number> {
    return Number(await readFile(path, 'utf8'));
  }

  it.each([
    { name: 'SIGHUP', args: ['build'], status: 129 },
    { name: 'SIGINT', args: ['check', '--bisect-run'], status: 130 },
    { name: 'SIGTERM', args: ['check', '--bisect-run'], status: 143 },
  ] as const)('$name ends $args with $status, and all of it', async ({ name, args, status }) => {
    await using temp = await makeTempDir();
    const { running, pid } = await building(temp, args);
    running.child.kill(name);
    const { status: ended, stderr } = await running.ended;
    expect(stderr).toContain(`\n${name}: cleaning up; repeat to quit at once\n`);
    expect(ended).toBe(status);
    // The kernel may take a moment to bury it.
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
    expect(leftBehind(running.child.pid)).toEqual([]);
  });

  it.each([
    { first: 'SIGINT', second: 'SIGTERM', status: 143 },
    { first: 'SIGTERM', second: 'SIGHUP', status: 129 },
    { first: 'SIGHUP', second: 'SIGINT', status: 130 },
  ] as const)('$second after $first ends it at once, and all of it', async (signals) => {
    await using temp = await makeTempDir();
    const { running, pid } = await building(temp, ['build']);
    running.child.kill(signals.first);
    await running.says('cleaning up');
    running.child.kill(signals.second);
    const { status, stderr } = await running.ended;
    expect(status).toBe(signals.status);
    // It has not waited for the build to end by itself.
    expect(stderr).not.toContain('Interrupted while running make');
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('that comes twice at once, as under npm, lets cleanups run', async () => {
    await using temp = await makeTempDir();
    const { running } = await building(temp, ['build']);
    running.child.kill('SIGINT');
    await running.says('cleaning up');
    running.child.kill('SIGINT');
    const { status, stderr } = await running.ended;
    expect(stderr).toContain('Interrupted while running make');
    expect(status).toBe(130);
    expect(await readdir(temp.path)).toContain('cache');
  });
});
