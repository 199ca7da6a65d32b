// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { runCommand } from '../testing/run-command.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

/** How each shell is started without anybody's configuration, and given our script and a `sub1m` that shows its arguments. */
const SHELLS = {
  bash: {
    argv: 'bash --norc --noprofile -i',
    init: (script: string) => [
      `source ${script}`,
      `sub1m() { printf 'GOT'; printf '<%s>' "$@"; echo; }`,
    ],
  },
  zsh: {
    argv: 'zsh -f -i',
    init: (script: string) => [
      'autoload -Uz compinit; compinit -D -u',
      `source ${script}`,
      `sub1m() { printf 'GOT'; printf '<%s>' "$@"; echo; }`,
    ],
  },
  fish: {
    argv: 'fish --no-config -i',
    init: (script: string) => [
      `source ${script}`,
      `function sub1m; printf 'GOT'; printf '<%s>' $argv; echo; end`,
    ],
  },
} as const;

type Shell = keyof typeof SHELLS;
const ALL: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** A file whose name a careless script would run, and what types its beginning. */
const HOSTILE = `dump $(touch pwned) 'a' "b"`;

/** What is typed before the tabulator key, and the arguments that it makes. */
const CASES: readonly {
  readonly what: string;
  readonly typed: string;
  readonly gives: readonly string[];
  /** Where it is offered; everywhere if left out. */
  readonly in?: readonly Shell[];
}[] = [
  { what: 'a command', typed: 'kern', gives: ['kernels'] },
  { what: 'an option', typed: 'check --stand', gives: ['check', '--standard'] },
  {
    what: 'a layout',
    typed: 'check --layout thread-',
    gives: ['check', '--layout', 'thread-2021'],
  },
  {
    what: 'a value behind =',
    typed: 'check --layout=thread-',
    gives: ['check', '--layout=thread-2021'],
  },
  {
    what: 'a value behind a comma',
    typed: 'run --layout x1c7,thread-',
    gives: ['run', '--layout', 'x1c7,thread-2021'],
    in: ['bash', 'zsh'],
  },
  {
    what: 'layouts that no firmware has, only of a machine',
    typed: 'model --layout corp',
    gives: ['model', '--layout', 'corp'],
  },
  { what: 'a recipe', typed: 'check recipe:debug', gives: ['check', 'recipe:debuginfo-6.1'] },
  {
    what: 'a series of kernels that the mirror once had',
    typed: 'check --json debian:6',
    gives: ['check', '--json', 'debian:6.12'],
  },
  {
    what: 'an invariant',
    typed: 'check --invariant lowmem.rel',
    gives: ['check', '--invariant', 'lowmem.released'],
  },
  {
    what: 'a policy',
    typed: 'model --policy keep',
    gives: ['model', '--policy', 'keep-on-crashkernel'],
  },
  { what: 'one of few values', typed: 'shell --in capt', gives: ['shell', '--in', 'capture'] },
  { what: 'a matrix', typed: 'run faul', gives: ['run', 'faults'] },
  { what: 'a reporter', typed: 'run --reporter jun', gives: ['run', '--reporter', 'junit'] },
  {
    what: "a reporter's file",
    typed: 'run --reporter junit:report.',
    gives: ['run', '--reporter', 'junit:report.xml'],
  },
  { what: 'a file, whatever its name', typed: 'inspect dum', gives: ['inspect', HOSTILE] },
  { what: 'a folder and no file', typed: 'judge re', gives: ['judge', 'results here'] },
  { what: 'a file where no id begins so', typed: 'check bz', gives: ['check', 'bzImage'] },
  { what: 'a command to be helped with', typed: 'help bise', gives: ['help', 'bisect'] },
  {
    what: 'nothing where any text is right',
    typed: 'check --shard re',
    gives: ['check', '--shard', 're'],
  },
  {
    what: "nothing in a guest's command",
    typed: 'shell --kernel x -- kern',
    gives: ['shell', '--kernel', 'x', '--', 'kern'],
    in: ['bash', 'zsh'],
  },
];

let folder: TempDir;

beforeAll(async () => {
  folder = await makeTempDir();
  const lists = {
    fetched: '2020-01-01T00:00:00.000Z',
    packages: [
      {
        name: 'linux-image-6.12.43-cloud-amd64',
        version: '6.12.43-1',
        suite: 'trixie',
        uri: 'http://localhost/linux-image.deb',
        bytes: 1,
        sha256: '0'.repeat(64),
        depends: '',
      },
    ],
  };
  const files = {
    'cache/sub1m/apt/host/packages-1.json': JSON.stringify(lists),
    [HOSTILE]: '',
    'report.xml': '',
    'results here/run.json': '',
    'reports.txt': '',
    bzImage: '',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe.each(ALL)('sub1m completion %s', (shell) => {
  let terminal: Terminal;

  beforeAll(async () => {
    const script = join(folder.path, `completion.${shell}`);
    await writeFile(script, (await runSub1m(['completion', shell])).stdout);
    terminal = openTerminal(SHELLS[shell].argv);
    for (const line of SHELLS[shell].init(script)) terminal.type(`${line}\r`);
    await terminal.argumentsOf('sub1m ready\r');
  }, 60_000);

  afterAll(async () => {
    terminal.type('exit\r');
    await terminal.ended;
  });

  it.each(CASES.filter((each) => (each.in ?? ALL).includes(shell)))(
    'completes $what',
    async ({ typed, gives }) => {
      const got = await terminal.argumentsOf(`sub1m ${typed}\t\r`);
      // zsh takes the slash behind a folder away again.
      expect(got.replace('/>', '>')).toBe(gives.map((word) => `<${word}>`).join(''));
      expect(existsSync(join(folder.path, 'pwned'))).toBe(false);
    },
  );
});

describe('sub1m completion', () => {
  it('prints a script with which shellcheck finds no fault', async () => {
    const { stdout } = await runSub1m(['completion', 'bash']);
    const script = join(folder.path, 'checked.bash');
    await writeFile(script, stdout);
    expect(await runCommand(['shellcheck', '--shell=bash', script])).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  it('refuses a shell that it does not know, with 64', async () => {
    const { status, stderr } = await runSub1m(['completion', 'tcsh']);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish');
    expect(status).toBe(64);
  });

  it('lists nothing it does not know, and asks no mirror', async () => {
    const empty = { XDG_CACHE_HOME: join(folder.path, 'no cache'), PATH: '/nonexistent' };
    expect(await runSub1m(['__complete', 'toString'], empty)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const kernels = await runSub1m(['__complete', 'kernels'], empty);
    expect(kernels).toMatchObject({ status: 0, stderr: '' });
    expect(kernels.stdout).toMatch(/^(recipe:[\w.-]+\n)+$/);
    expect(existsSync(empty.XDG_CACHE_HOME)).toBe(false);
  });

  it('is no word of help', async () => {
    expect((await runSub1m(['--help'])).stdout).not.toContain('__complete');
    expect(await readFile(projectPath('docs/sub1m.1'), 'utf8')).not.toContain('__complete');
  });
});

interface Terminal {
  readonly ended: Promise<unknown>;
  type(keys: string): void;
  /** Types a line, and gives the arguments that it calls `sub1m` with. */
  argumentsOf(line: string): Promise<string>;
}

function openTerminal(argv: string): Terminal {
  const child: ChildProcess = spawn(
    'script',
    ['-qec', `stty cols 1000; exec ${argv}`, '/dev/null'],
    {
      cwd: folder.path,
      env: {
        ...process.env,
        TERM: 'xterm',
        XDG_CACHE_HOME: join(folder.path, 'cache'),
        SUB1M_MIRROR: '',
      },
      stdio: 'pipe',
    },
  );
  let shown = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    shown += bytes.toString();
  });
  const calls = (): string[] => [...shown.matchAll(/GOT(<.*>)\r\n/g)].map(([, got = '']) => got);
  const type = (keys: string): void => {
    child.stdin?.write(keys);
  };
  return {
    ended: new Promise((resolve) => child.on('close', resolve)),
    type,
    argumentsOf: async (line) => {
      const before = calls().length;
      type(line);
      const isCalled = (): void => {
        if (calls().length <= before) throw new Error(`sub1m is not called:\n${shown}`);
      };
      await vi.waitFor(isCalled, { timeout: 30_000 });
      return calls().at(-1) ?? '';
    },
  };
}
