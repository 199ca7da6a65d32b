// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runCommand } from '../testing/run-command.ts';
import { sub1mCommand } from '../testing/run-sub1m.ts';

/** A user of every Linux system who owns nothing. */
const USER = 'nobody';

const isRoot = process.getuid?.() === 0;

/** The sources of kernels, 2 GiB, are not needed to run what is built. */
const CACHED = ['apt', 'builds', 'guest', 'guest-base', 'kernels', 'personality'];

it.runIf(isRoot)(
  'runs the default matrix as a user with no rights',
  async () => {
    await using temp = await makeTempDir();
    const [home, project] = [join(temp.path, 'home'), join(temp.path, 'project')];
    const cache = join(home, '.cache/sub1m');
    const [node = ''] = sub1mCommand();
    await mkdir(cache, { recursive: true });
    for (const part of ['package.json', 'dist', 'guest', 'images', 'node_modules']) {
      await cp(projectPath(part), join(project, part), { recursive: true, verbatimSymlinks: true });
    }
    const caches = CACHED.filter((part) => existsSync(join(homedir(), '.cache/sub1m', part)));
    for (const part of caches) {
      await cp(join(homedir(), '.cache/sub1m', part), join(cache, part), { recursive: true });
    }
    await chmod(temp.path, 0o755);
    execFileSync('chown', ['-R', USER, home]);
    const argv = ['setpriv', `--reuid=${USER}`, '--regid=nogroup', '--clear-groups', '--', node];
    const main = join(project, 'dist/cli/main.js');
    const results = ['--json', '--results', join(home, 'results')];
    const env = { HOME: home, TMPDIR: home, XDG_CACHE_HOME: '' };
    const run = await runCommand([...argv, main, 'run', 'default', ...results], { env, cwd: home });
    expect(run.stderr).not.toContain('EACCES');
    const { summary } = parseDocument('run', run.stdout);
    expect(summary).toMatchObject({ mismatch: 0, unjudged: 0 });
    expect(run.status).toBe(0);
  },
  1_800_000,
);
