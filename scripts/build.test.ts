// SPDX-License-Identifier: MIT
import {
  copyFile,
  mkdir,
  readFile,
  readdir,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../harness/process/temp-dir.ts';
import { projectPath } from '../harness/project-root.ts';
import { type CommandEnd, runCommand, startCommand } from '../harness/testing/run-command.ts';

/** A program with a module of its own, one that is loaded late, and one for a thread. */
const PROGRAM: Readonly<Record<string, string>> = {
  'harness/index.ts': 'export {};',
  'harness/word.ts': "export const word: string = 'one';",
  'harness/late.ts': "export const late: string = 'late one';",
  'harness/word.test.ts': 'export {};',
  'harness/process/sample.ts': 'export const called = (): number => 1;',
  'harness/cli/main.ts': `import { word } from '../word.ts';
    const threadModule = (name: string): string => name;
    console.log(word, threadModule('process/sample'), ...process.argv.slice(2));
    if (process.argv.includes('--wait')) {
      const goOn = new Promise((resolve) => process.once('SIGUSR2', resolve));
      const awake = setInterval(() => {}, 1000);
      console.error('waiting');
      await goOn;
      clearInterval(awake);
      console.log((await import('../late.ts')).late);
    }`,
};

const COPIED = [
  'sub1m',
  'scripts/build.sh',
  'scripts/build.mjs',
  'scripts/sub1m.sh',
  'tsconfig.json',
  'package.json',
  'harness/cli/start.cjs',
  'harness/report/html/page.css',
  'harness/report/html/page.js',
];

describe('sub1m of a checkout', () => {
  it('compiles when it is first started, and hands on arguments', async () => {
    await using checkout = await makeCheckout();
    expect(await sub1m(checkout, 'run', 'a b')).toEqual(printed('one process/sample run a b'));
    expect(await readdir(join(checkout.path, 'dist/process'))).toContain('sample.js');
  });

  it('compiles nothing again while no source changes; a test is none', async () => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    await write(checkout, 'dist/cli/main.js', "console.log('not compiled again')");
    await write(checkout, 'harness/word.test.ts', 'export {}; // changed');
    expect(await sub1m(checkout)).toEqual(printed('not compiled again'));
  });

  it.each<[string, (checkout: TempDir) => Promise<unknown>]>([
    ['written', (checkout) => write(checkout, 'harness/word.ts', "export const word = 'two';")],
    [
      'copied with an old time',
      async (checkout) => {
        await write(checkout, 'harness/word.ts', "export const word = 'two';");
        await utimes(join(checkout.path, 'harness/word.ts'), 0, 0);
      },
    ],
    [
      'gone',
      async (checkout) => {
        await write(checkout, 'harness/cli/main.ts', "console.log('two process/sample')");
        await sub1m(checkout);
        await write(checkout, 'dist/cli/main.js', "console.log('old')");
        await rm(join(checkout.path, 'harness/late.ts'));
      },
    ],
  ])('compiles again when a source is %s', async (_, change) => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    await change(checkout);
    expect(await sub1m(checkout)).toEqual(printed('two process/sample'));
  });

  it('compiles once for starts at the same time', async () => {
    await using checkout = await makeCheckout();
    await write(checkout, 'scripts/setup.sh', '#!/bin/sh\necho "compiling for $1" >&2');
    const ends = await Promise.all([sub1m(checkout), sub1m(checkout), sub1m(checkout)]);
    expect(ends.map(({ stdout }) => stdout)).toEqual(Array(3).fill('one process/sample\n'));
    expect(ends.map(({ stderr }) => stderr).join('')).toBe('compiling for modules\n');
  });

  it('starts nothing while the sources do not compile, and starts once they do', async () => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    await write(checkout, 'harness/word.ts', 'export const word = ;');
    for (const { status, stdout, stderr } of [await sub1m(checkout), await sub1m(checkout)]) {
      expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
      expect(stderr).toContain('harness/word.ts:1:20');
      expect(stderr).toContain('sub1m: Cannot compile harness/: see above; rerun when this works');
    }
    await write(checkout, 'harness/word.ts', "export const word = 'mended';");
    expect(await sub1m(checkout)).toEqual(printed('mended process/sample'));
  });

  it('lets a program that runs load what it was compiled with', async () => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    const running = startCommand(['./sub1m', '--wait'], { cwd: checkout.path });
    await running.says('waiting');
    await write(checkout, 'harness/late.ts', "export const late = 'late two';");
    await sub1m(checkout);
    running.child.kill('SIGUSR2');
    expect((await running.ended).stdout).toBe('one process/sample --wait\nlate one\n');
  });

  it('leaves out of a package what earlier builds have left', async () => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    const chunks = (): Promise<string[]> => readdir(join(checkout.path, 'dist/chunks'));
    const earlier = await chunks();
    await write(checkout, 'harness/late.ts', "export const late = 'late two';");
    await sub1m(checkout);
    expect(await chunks()).toEqual(expect.arrayContaining(earlier));
    await rm(join(checkout.path, 'dist/.stamp'));
    await runCommand(['scripts/build.sh', '--prune'], { cwd: checkout.path });
    expect(await chunks()).toHaveLength(earlier.length);
    expect(await readFile(join(checkout.path, 'dist/cli/main.js'), 'utf8')).not.toBe('');
  });

  it('can be called through a link from any folder', async () => {
    await using checkout = await makeCheckout();
    const link = join(checkout.path, 'a link');
    await symlink(join(checkout.path, 'sub1m'), link);
    expect(await runCommand([link], { cwd: '/' })).toEqual(printed('one process/sample'));
  });
});

/** What keeps the program from running, and what is said of it. */
const TROUBLES: readonly {
  readonly what: string;
  readonly make: (checkout: TempDir) => Promise<NodeJS.ProcessEnv | void>;
  readonly says: string;
}[] = [
  {
    what: 'set-up fails',
    make: (checkout) =>
      write(checkout, 'scripts/setup.sh', '#!/bin/sh\necho "no registry" >&2; exit 69'),
    says: 'no registry',
  },
  {
    what: 'set-up fails in a way of its own',
    make: (checkout) => write(checkout, 'scripts/setup.sh', '#!/bin/sh\nexit 1'),
    says: '',
  },
  {
    what: 'the sources do not compile',
    make: (checkout) => write(checkout, 'harness/word.ts', 'export const word = ;'),
    says: 'sub1m: Cannot compile harness/',
  },
  {
    what: 'there is no Node',
    make: async (checkout) => {
      await sub1m(checkout);
      await write(checkout, 'scripts/build.sh', '#!/bin/sh\n');
      return { PATH: await pathWithoutNode(checkout) };
    },
    says: 'sub1m: Cannot start: expected Node, found none',
  },
  {
    what: 'Node does not start',
    make: async (checkout) => {
      await sub1m(checkout);
      return { NODE_OPTIONS: '--require=/no/such/module' };
    },
    says: 'sub1m: Cannot start: Node does not start: see above',
  },
  {
    what: 'Node is too old',
    make: async (checkout) => {
      const path = join(checkout.path, 'package.json');
      const manifest = await readFile(path, 'utf8');
      await writeFile(path, manifest.replace(/"node": ".*"/, '"node": ">=99.1"'));
    },
    says: `sub1m: Cannot start: expected Node 99.1 or newer, found ${process.versions.node}`,
  },
  {
    what: 'a compiled file is gone',
    make: async (checkout) => {
      await sub1m(checkout);
      await rm(join(checkout.path, 'dist/chunks'), { recursive: true });
    },
    says: 'sub1m: Cannot start: Error [ERR_MODULE_NOT_FOUND]: Cannot find module',
  },
  {
    what: 'nothing was compiled',
    make: async (checkout) => {
      await sub1m(checkout);
      await write(checkout, 'scripts/build.sh', '#!/bin/sh\n');
      await rm(join(checkout.path, 'dist'), { recursive: true });
    },
    says: 'expected',
  },
];

describe('when the program cannot run', () => {
  it.each(TROUBLES)('because $what, sub1m exits with 69, and stops git', async (trouble) => {
    await using checkout = await makeCheckout();
    const env = (await trouble.make(checkout)) ?? {};
    const end = await runCommand(['./sub1m', 'run'], { cwd: checkout.path, env });
    expect(end).toMatchObject({ status: 69, stdout: '' });
    expect(end.stderr).toContain(trouble.says);
    const bisecting = ['./sub1m', 'check', '--bisect-run'];
    for (const redirection of ['', '2>/dev/full']) {
      const argv = ['bash', '-c', `"$@" ${redirection}`, 'bash', ...bisecting];
      const stopped = await runCommand(argv, { cwd: checkout.path, env: { ...env, BASH_ENV: '' } });
      expect(stopped.status).toBe(128 + 69);
    }
  });

  it.each([
    { argv: ['check', '--bisect-run'], status: 197 },
    { argv: ['run'], status: 69 },
  ])('because its folder is gone, sub1m $argv exits with $status', async ({ argv, status }) => {
    await using checkout = await makeCheckout();
    await sub1m(checkout);
    const gone = join(checkout.path, 'gone');
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"';
    const start = ['bash', '-c', script, 'bash', gone];
    const end = await runCommand([...start, join(checkout.path, 'sub1m'), ...argv]);
    expect(end.stderr).toContain('sub1m: Cannot start: the current folder is gone');
    expect(end.status).toBe(status);
    const npm = { npm_lifecycle_event: 'sub1m', INIT_CWD: gone };
    const script2 = join(checkout.path, 'scripts/sub1m.sh');
    expect((await runCommand([script2, ...argv], { env: npm })).status).toBe(status);
  });
});

/** A folder with all programs that the launcher needs, but Node. */
async function pathWithoutNode({ path }: TempDir): Promise<string> {
  const bin = join(path, 'bin');
  await mkdir(bin);
  for (const name of ['bash', 'dirname', 'readlink']) {
    const { stdout } = await runCommand(['bash', '-c', `type -P ${name}`]);
    await symlink(stdout.trim(), join(bin, name));
  }
  return bin;
}

function printed(line: string): CommandEnd {
  return { status: 0, stdout: `${line}\n`, stderr: '' };
}

async function makeCheckout(): Promise<TempDir> {
  const checkout = await makeTempDir();
  for (const path of COPIED) {
    await mkdir(dirname(join(checkout.path, path)), { recursive: true });
    await copyFile(projectPath(path), join(checkout.path, path));
  }
  await write(checkout, 'package-lock.json', '{}');
  await write(checkout, 'scripts/setup.sh', '#!/bin/sh\n');
  await symlink(projectPath('node_modules'), join(checkout.path, 'node_modules'));
  for (const [path, text] of Object.entries(PROGRAM)) await write(checkout, path, text);
  return checkout;
}

async function write({ path: folder }: TempDir, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text, { mode: 0o755 });
}

function sub1m({ path: cwd }: TempDir, ...args: string[]): Promise<CommandEnd> {
  return runCommand(['./sub1m', ...args], { cwd });
}
