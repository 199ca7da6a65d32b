// SPDX-License-Identifier: MIT
/** The steps of CI, with a sub1m that only notes how it was called; and that the real one understands that. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../harness/cli/environment.ts';
import { buildProgram } from '../../harness/cli/program.ts';
import { silentLog } from '../../harness/log.ts';
import { type FakeCheckout, makeFakeCheckout } from './testing/fake-checkout.ts';

const { signal } = new AbortController();
const { commands: COMMANDS } = await buildProgram({
  environment: readEnvironment({}),
  signal,
  log: silentLog,
  exit: () => {},
});

/** What sub1m does not understand of a call. */
function faultsOf([name = '', ...args]: readonly string[]): string[] {
  const command = COMMANDS.find((one) => one.name() === name);
  if (!command) return [`no command ${name}`];
  return command.parseOptions([...args]).unknown;
}

const HOSTILE = '--keep=memory $(touch hacked) `touch hacked`; touch hacked #';

let checkout: FakeCheckout;

beforeEach(async () => {
  checkout = await makeFakeCheckout();
});

afterEach(async () => {
  await checkout[Symbol.asyncDispose]();
});

describe('run-cells.sh', () => {
  const STEP = 'scripts/ci/run-cells.sh';

  it('calls sub1m with what the environment says', async () => {
    await checkout.write('old.jsonl', 'an earlier line\n');
    const { status, calls, outputs } = await checkout.run(STEP, {
      SUB1M_OUT: checkout.at('out'),
      SUB1M_MATRIX: 'default',
      SUB1M_LIMIT: '60min',
      SUB1M_SHARD: '2/3',
      SUB1M_REQUIRE_KVM: 'true',
      SUB1M_HISTORY: 'old.jsonl',
      SUB1M_REPORTERS: 'github\n  junit:a b.xml \n\n',
      SUB1M_ARGS: '--jobs=1\n--append\na b\n',
    });
    const [out, run] = [checkout.at('out'), checkout.at('out/run')];
    expect(calls).toEqual([
      [
        'run',
        `--results=${run}`,
        `--history=${out}/history.jsonl`,
        '--limit=60min',
        '--shard=2/3',
        '--require-kvm',
        '--reporter=github',
        '--reporter=junit:a b.xml',
        '--jobs=1',
        '--append',
        'a b',
        '--',
        'default',
      ],
    ]);
    expect(calls.flatMap(faultsOf)).toEqual([]);
    expect(status).toBe(0);
    expect(outputs).toEqual({ part: '2-of-3', folder: out, status: '0', end: 'match' });
    expect(await readFile(`${out}/history.jsonl`, 'utf8')).toBe('an earlier line\n');
  });

  it('runs the night where nothing is said', async () => {
    const { calls } = await checkout.run(STEP, { SUB1M_OUT: checkout.at('out') });
    expect(calls[0]?.slice(3)).toEqual(['--', 'nightly']);
  });

  it.each(['SUB1M_MATRIX', 'SUB1M_LIMIT', 'SUB1M_HISTORY', 'SUB1M_REPORTERS', 'SUB1M_REQUIRE_KVM'])(
    'takes %s for one word, whatever it holds',
    async (name) => {
      const { calls } = await checkout.run(STEP, {
        SUB1M_OUT: checkout.at('out'),
        [name]: HOSTILE,
      });
      const words = calls[0]?.slice(0, -1).filter((word) => word.startsWith('--keep')) ?? [];
      expect(words).toEqual([]);
      expect(existsSync(checkout.at('hacked'))).toBe(false);
    },
  );

  it.each(['3', '1/3; touch hacked', '1/3\nstatus=0', '../../1/2'])(
    'refuses the shard %j before anything else',
    async (shard) => {
      const env = { SUB1M_OUT: checkout.at('out'), SUB1M_SHARD: shard };
      const { status, stderr, calls, outputs } = await checkout.run(STEP, env);
      expect(stderr).toContain('expected i/n, such as 1/3');
      expect({ status, calls, outputs }).toEqual({ status: 64, calls: [], outputs: {} });
    },
  );

  it.each([
    [1, 'broken', ''],
    [69, 'unjudged', '::error title=sub1m could not judge (69)::'],
    [64, 'usage', '::error title=sub1m ended with 64::'],
    [143, 'interrupted', '::error title=sub1m ended with 143::'],
  ])('ends like sub1m, with %i', async (end, word, annotation) => {
    const env = { SUB1M_OUT: checkout.at('out'), FAKE_END: `${end}`, GITHUB_ACTIONS: 'true' };
    const { status, stdout, outputs } = await checkout.run(STEP, env);
    expect(status).toBe(end);
    expect(outputs).toMatchObject({ status: `${end}`, end: word });
    expect(stdout.slice(0, annotation.length)).toBe(annotation);
  });

  it('is no verdict if it cannot begin', async () => {
    await checkout.write('out', 'a file');
    const { status, calls } = await checkout.run(STEP, { SUB1M_OUT: checkout.at('out/x') });
    expect({ status, calls }).toEqual({ status: 69, calls: [] });
  });
});

describe('merge-runs.sh', () => {
  const STEP = 'scripts/ci/merge-runs.sh';
  const env = (): Record<string, string> => ({
    SUB1M_RUNS: checkout.at('runs'),
    SUB1M_OUT: checkout.at('out'),
    SUB1M_REPORTERS: 'github',
  });

  it('merges runs into a site, and histories, with every line once', async () => {
    await mkdir(checkout.at('runs/1 of 2/run'), { recursive: true });
    await mkdir(checkout.at('runs/2/run'), { recursive: true });
    await checkout.write('runs/1 of 2/history.jsonl', 'old\nof one');
    await checkout.write('runs/2/history.jsonl', 'old\nof two\n');
    const { status, calls, outputs } = await checkout.run(STEP, { ...env(), FAKE_END: '1' });
    const runs = [checkout.at('runs/1 of 2/run'), checkout.at('runs/2/run')];
    const site = `--out=${checkout.at('out/site')}`;
    expect(calls).toEqual([['report', site, '--reporter=github', '--', ...runs]]);
    expect(status).toBe(1);
    expect(outputs).toEqual({ folder: checkout.at('out'), status: '1', end: 'broken' });
    const history = await readFile(checkout.at('out/history.jsonl'), 'utf8');
    expect(history).toBe('of one\nof two\nold\n');
  });

  it('is no verdict if no shard has got to its cells', async () => {
    const { status, stderr, calls } = await checkout.run(STEP, env());
    expect(stderr).toContain('no shard has got to its cells');
    expect({ status, calls }).toEqual({ status: 69, calls: [] });
    expect(await readFile(checkout.at('out/history.jsonl'), 'utf8')).toBe('');
  });

  it.runIf(COMMANDS.some((one) => one.name() === 'report'))('is understood by sub1m', async () => {
    await mkdir(checkout.at('runs/1/run'), { recursive: true });
    const { calls } = await checkout.run(STEP, env());
    expect(calls.flatMap(faultsOf)).toEqual([]);
  });
});

describe('cache-key.sh', () => {
  const STEP = 'scripts/ci/cache-key.sh';
  const listKernels = (...refs: string[]): Promise<void> => {
    const list = JSON.stringify({ kernels: refs.map((ref) => ({ ref, listed: Math.random() })) });
    return checkout.program('sub1m', `echo '${list}'`);
  };
  const keyOf = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const { status, stderr, outputs } = await checkout.run(STEP, env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(outputs['path']).toBe(checkout.at('home/.cache/sub1m'));
    return outputs['key'] ?? '';
  };

  beforeEach(async () => {
    await checkout.write('package-lock.json', '{}');
    await checkout.write('images/matrices/nightly.json', '{}');
    await checkout.write('images/matrices/default.json', '{"schema":1}');
  });

  it('names a cache by shard, lock file, matrix and kernels', async () => {
    await listKernels('debian:6.1', 'debian:6.12');
    const env = { SUB1M_SHARD: '2/3' };
    const key = await keyOf(env);
    expect(key).toMatch(/^sub1m-2-of-3(-[0-9a-f]{12}){3}$/);
    await listKernels('debian:6.12', 'debian:6.1');
    expect(await keyOf(env)).toBe(key);
    const others = [await keyOf({}), await keyOf({ ...env, SUB1M_MATRIX: 'default' })];
    others.push(await keyOf({ ...env, SUB1M_MATRIX: checkout.at('package-lock.json') }));
    await listKernels('debian:6.12', 'debian:6.13');
    others.push(await keyOf(env));
    await checkout.write('package-lock.json', '{"a":1}');
    others.push(await keyOf(env));
    // A matrix with the content of another is the same one.
    expect(new Set([key, ...others]).size).toBe(5);
  });

  it.each([
    ['sub1m cannot list kernels', 'exit 69'],
    ['sub1m lists no kernels', 'echo nonsense'],
  ])('is no verdict if %s', async (_, sub1m) => {
    await checkout.program('sub1m', sub1m);
    expect((await checkout.run(STEP, {})).status).toBe(69);
  });

  it.each([
    [{ SUB1M_MATRIX: 'none' }, 69],
    [{ SUB1M_SHARD: '1 of 2' }, 64],
  ])('ends, given %j, with %i', async (env, expected) => {
    await listKernels('debian:6.1');
    expect((await checkout.run(STEP, env)).status).toBe(expected);
  });
});

describe('prepare-host.sh', () => {
  const STEP = 'scripts/ci/prepare-host.sh';

  it.each([0, 69])('sets up and ends like doctor, with %i', async (end) => {
    await checkout.program('scripts/setup.sh', `echo "setup $*"`);
    const { status, stdout, calls } = await checkout.run(STEP, { FAKE_END: `${end}` });
    expect({ status, stdout, calls }).toEqual({
      status: end,
      stdout: 'setup start\n',
      calls: [['doctor']],
    });
  });

  it('is no verdict if set-up fails', async () => {
    await checkout.program('scripts/setup.sh', 'exit 1');
    const { status, calls } = await checkout.run(STEP, {});
    expect({ status, calls }).toEqual({ status: 69, calls: [] });
  });
});

describe('cron-night.sh', () => {
  const STEP = 'docs/ci/cron-night.sh';
  const env = (): Record<string, string> => ({
    SUB1M_NIGHTS: checkout.at('nights'),
    SUB1M_MAIL_TO: 'you@example.org',
  });
  const nights = async (): Promise<string[]> =>
    (await readdir(checkout.at('nights'))).filter((name) => name !== '.lock').toSorted();

  beforeEach(() => checkout.program('bin/sendmail', `cat >'${checkout.at('mail')}'`));

  it('runs, mails, submits, and ends like the run', async () => {
    await checkout.program(
      'sub1m',
      `printf '%s\\0' "$@" $'\\n' >>'${checkout.at('calls')}'; [[ $1 == run ]] || exit 69
      for one in "$@"; do [[ $one != --reporter=markdown:* ]] || echo '# One' >"\${one#*:}"; done; exit 1`,
    );
    const { status, stderr, calls } = await checkout.run(STEP, {
      ...env(),
      SUB1M_ARGS: '--jobs=1',
      KCIDB_REST: 'https://token@example.org/',
    });
    expect(status).toBe(1);
    expect(stderr).toBe('warning: could not submit the night: see above\n');
    expect(calls.map(([name]) => name)).toEqual(['run', 'submit']);
    expect(calls.flatMap(faultsOf)).toEqual([]);
    const mail = await readFile(checkout.at('mail'), 'utf8');
    expect(mail).toMatch(/^To: you@example\.org\nSubject: \[sub1m\] \S+: an invariant is broken\n/);
    expect(mail).toMatch(/\n\n# One\n$/);
  });

  it('mails the log if there is no report', async () => {
    await checkout.program('sub1m', 'echo "E_HOST: no room" >&2; exit 69');
    expect((await checkout.run(STEP, env())).status).toBe(69);
    const mail = await readFile(checkout.at('mail'), 'utf8');
    expect(mail).toMatch(/: could not judge\n[^]*\n\nE_HOST: no room\n$/);
  });

  it('keeps the newest nights, and what is none', async () => {
    for (const day of ['01', '02', '03']) {
      await mkdir(checkout.at(`nights/2020-01-${day}T01-17-00Z/run`), { recursive: true });
    }
    await mkdir(checkout.at('nights/mine'));
    await checkout.write('nights/history.jsonl', '');
    await checkout.run(STEP, { ...env(), SUB1M_KEEP_NIGHTS: '2' });
    const [old, tonight, ...others] = await nights();
    expect([old, ...others]).toEqual(['2020-01-03T01-17-00Z', 'history.jsonl', 'mine']);
    expect(tonight).toMatch(/^20\d\d-/);
  });

  it('starts no second night beside one that goes on', async () => {
    await mkdir(checkout.at('nights'));
    await checkout.program(
      'bin/flock',
      `[[ $2 =~ ^[0-9]+$ ]] && exec /usr/bin/flock --nonblock '${checkout.at('nights/.lock')}' false`,
    );
    const { status, stderr, calls } = await checkout.run(STEP, env());
    expect(stderr).toMatch(/^Cannot start: another night is going on in /);
    expect({ status, calls, nights: await nights() }).toEqual({
      status: 69,
      calls: [],
      nights: [],
    });
  });
});
