// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { type ConfigChoice, buildRecipe, buildTree } from './build-kernel.ts';
import { writeKernelTree } from './testing/kernel-tree-builder.ts';
import { requireKernel } from './require-kernel.ts';

const OURS: ConfigChoice = { kind: 'ours' };
const OUR_CONFIG = fileURLToPath(new URL('../../images/config/sub1m.config', import.meta.url));

const PATCH = `--- a/init/main.sh
+++ b/init/main.sh
@@ -1 +1 @@
-true
+: patched
`;

let temp: TempDir;
let tree: string;
let interrupt: AbortController;
let context: PackageContext;
let said: string[];

beforeEach(async () => {
  temp = await makeTempDir();
  tree = join(temp.path, 'linux');
  await writeKernelTree(tree);
  interrupt = new AbortController();
  said = [];
  const cacheDir = join(temp.path, 'cache');
  context = { cacheDir, mirror: undefined, signal: interrupt.signal, log: heardLog(said, 'info') };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A text without what depends on contents and on the temporary folder. */
function stable(text: string): string {
  return text.replaceAll(temp.path, '/tmp').replaceAll(/[0-9a-f]{16,64}/g, '<key>');
}

async function messageOf(running: Promise<unknown>): Promise<string> {
  const error: unknown = await running.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof Error ? `${error.name}: ${stable(error.message)}` : 'no error';
}

describe('buildTree()', () => {
  it('builds outside of the tree, which stays as it is', async () => {
    const before = await readdir(tree, { recursive: true });
    const { image, policy } = await buildTree(tree, OURS, context);
    expect(stable(image)).toBe('/tmp/cache/builds/<key>/bzImage');
    expect(policy).toBeNull();
    expect(await readdir(tree, { recursive: true })).toEqual(before);
  });

  it('gives another image after a change, and keeps the one before', async () => {
    const before = await buildTree(tree, OURS, context);
    expect(await buildTree(tree, OURS, context)).toEqual(before);
    await writeFile(join(tree, 'init/main.sh'), ': changed\n');
    const after = await buildTree(tree, OURS, context);
    expect(after.image).not.toBe(before.image);
    expect(await readFile(before.image, 'latin1')).toContain('true\n');
    expect(await readFile(after.image, 'latin1')).toContain(': changed\n');
  });

  it("builds with the user's config", async () => {
    const path = join(temp.path, 'my.config');
    await writeFile(path, `${await readFile(OUR_CONFIG, 'utf8')}CONFIG_X86_64=y\n`);
    const { image } = await buildTree(tree, { kind: 'file', path }, context);
    expect(existsSync(image)).toBe(true);
  });

  it('refuses a config that lacks what the harness needs', async () => {
    const path = join(temp.path, 'my.config');
    const config = (await readFile(OUR_CONFIG, 'utf8')).replace('CONFIG_EFI_STUB=y\n', '');
    await writeFile(path, `${config}CONFIG_X86_64=y\n`);
    expect(await messageOf(buildTree(tree, { kind: 'file', path }, context))).toBe(
      'BuildError: Cannot build /tmp/linux: its .config lacks options that must be built in: ' +
        'CONFIG_EFI_STUB (OVMF starts the image itself); set them to y, or build with ' +
        "sub1m's own config",
    );
  });

  it.each([
    {
      what: 'a compiler error',
      main: 'echo "init/main.c:3:1: error: x undeclared"; exit 1\n',
      message:
        'BuildError: Cannot build /tmp/linux: init/main.c:3:1: error: x undeclared; ' +
        'the whole output is in /tmp/cache/objects/<key>/sub1m-build.log',
    },
    {
      what: 'a full disk',
      main: 'echo "as: init/main.o: No space left on device"; exit 1\n',
      message:
        'HostError: Cannot build /tmp/linux: as: init/main.o: No space left on device; the whole ' +
        'output is in /tmp/cache/objects/<key>/sub1m-build.log; make room and try again',
    },
    {
      what: 'a compiler that was killed',
      main: 'echo "gcc: fatal error: Killed signal terminated program cc1"; exit 1\n',
      message:
        'HostError: Cannot build /tmp/linux: gcc: fatal error: Killed signal terminated program ' +
        'cc1; the whole output is in /tmp/cache/objects/<key>/sub1m-build.log; free memory and ' +
        'try again',
    },
    {
      what: 'a make that was killed',
      main: 'read -r _ _ _ make _ </proc/$PPID/stat; kill -KILL $make\n',
      message: 'ProcessError: Cannot build /tmp/linux: make was killed',
    },
  ])('reports $what', async ({ main, message }) => {
    await writeFile(join(tree, 'init/main.sh'), main);
    expect(await messageOf(buildTree(tree, OURS, context))).toBe(message);
  });

  it('reports a make that leaves no image', async () => {
    const makefile = await readFile(join(tree, 'Makefile'), 'utf8');
    await writeFile(join(tree, 'Makefile'), makefile.replace(/^bzImage:[^]*/m, 'bzImage:\n'));
    expect(await messageOf(buildTree(tree, OURS, context))).toBe(
      'BuildError: Cannot build /tmp/linux: make succeeded, but there is no ' +
        '/tmp/cache/objects/<key>/arch/x86/boot/bzImage',
    );
  });

  it('can be interrupted, and then builds again', async () => {
    await writeFile(join(tree, 'init/main.sh'), 'echo up >"$O/up"; sleep 60\n');
    const ended = messageOf(buildTree(tree, OURS, context));
    await expect.poll(() => said).toContain(`building ${tree}`);
    interrupt.abort();
    expect(await ended).toBe('InterruptedError: Interrupted while running make');
    await writeFile(join(tree, 'init/main.sh'), 'true\n');
    const { signal } = new AbortController();
    expect(existsSync((await buildTree(tree, OURS, { ...context, signal })).image)).toBe(true);
  });

  it('makes a second build of the same tree wait for the first', async () => {
    const both = await Promise.all([
      buildTree(tree, OURS, context),
      buildTree(tree, OURS, context),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect(said).toContain(`waiting for another sub1m, which is using the build folder of ${tree}`);
  });

  it('refuses a folder that is not a kernel source', async () => {
    expect(await messageOf(buildTree(temp.path, OURS, context))).toBe(
      'UsageError: Cannot build /tmp: expected a kernel source (Makefile, Kbuild, ' +
        'arch/x86/, scripts/kconfig/), found none; name the top folder of the tree',
    );
  });

  it('refuses a tree that was built in place and says what to do', async () => {
    await writeFile(join(tree, '.config'), '');
    expect(await messageOf(buildTree(tree, OURS, context))).toBe(
      'UsageError: Cannot build /tmp/linux out of tree: expected a clean tree, found .config: it ' +
        'was built in place; move its .config elsewhere, run "make mrproper" there, and name ' +
        'that file with --config; or name its image, /tmp/linux/arch/x86/boot/bzImage',
    );
  });
});

describe('buildRecipe()', () => {
  let recipe: string;
  let source: string;

  beforeEach(async () => {
    recipe = join(temp.path, 'mine.json');
    source = join(context.cacheDir, 'sources/linux-source-9.9_9.9-1');
    await mkdir(source, { recursive: true });
    await writeKernelTree(join(source, 'tree'));
    const noted = { name: 'linux-source-9.9', version: '9.9-1', sha256: 'ab'.repeat(32) };
    await writeFile(join(source, 'source.json'), JSON.stringify(noted));
    await writeFile(join(temp.path, '0001-x.patch'), PATCH);
    await writeFile(join(temp.path, 'x.config'), await readFile(OUR_CONFIG));
    await writeRecipe({ patches: ['0001-x.patch'], policy: 'two-phase' });
  });

  async function writeRecipe(changes: object): Promise<void> {
    const base = { schema: 1, source: 'debian:linux-source-9.9', version: '9.9-1' };
    await writeFile(recipe, JSON.stringify({ ...base, config: ['x.config'], ...changes }));
  }

  /** What is in the cache, without locks. */
  async function builds(): Promise<string[]> {
    const names = await readdir(join(context.cacheDir, 'builds'));
    return names.filter((name) => !/\.(lock|use)$/.test(name));
  }

  it('builds the patched source, whose release and policy the kernel has', async () => {
    const ref = `recipe:${recipe}`;
    const kernel = await requireKernel(ref, context);
    expect(kernel).toMatchObject({ ref, release: '6.12.43-test', package: ref, modules: [] });
    expect(kernel.policy).toBe('two-phase');
    expect(await readFile(kernel.image, 'latin1')).toContain(': patched\n');
  });

  it('builds once: the second time it needs no source', async () => {
    const built = await buildRecipe(recipe, context);
    await rm(join(source, 'tree'), { recursive: true });
    expect(await buildRecipe(recipe, context)).toEqual(built);
  });

  it('takes what an older sub1m built, which noted nothing, unless it is cut short', async () => {
    const built = await buildRecipe(recipe, context);
    const seal = join(dirname(built.image), 'sealed.json');
    await rm(seal);
    await rm(join(source, 'tree'), { recursive: true });
    expect(await buildRecipe(recipe, context)).toEqual(built);
    expect(existsSync(seal)).toBe(true);
    await writeKernelTree(join(source, 'tree'));
    await rm(seal);
    const image = await readFile(built.image);
    await truncate(built.image, 700);
    said.length = 0;
    expect(await buildRecipe(recipe, context)).toEqual(built);
    expect(said.join()).toContain('building recipe:mine');
    expect(await readFile(built.image)).toEqual(image);
  });

  it('builds another image for other patches and for another config', async () => {
    const images = [(await buildRecipe(recipe, context)).image];
    await writeRecipe({});
    images.push((await buildRecipe(recipe, context)).image);
    await writeFile(join(temp.path, 'x.config'), `${await readFile(OUR_CONFIG, 'utf8')}#\n`);
    images.push((await buildRecipe(recipe, context)).image);
    expect(new Set(images).size).toBe(3);
    expect(await readFile(images[1] ?? '', 'latin1')).toContain('true\n');
  });

  it('builds a config that differs, from the objects of the one that does not', async () => {
    await buildRecipe(recipe, context);
    const folders = async (): Promise<string[]> =>
      (await readdir(source)).filter((name) => /^objects-[0-9a-f]+$/.test(name));
    const [objects = ''] = await folders();
    const cmd = join(source, objects, 'tools/.objtool.o.cmd');
    await mkdir(dirname(cmd));
    await writeFile(cmd, `cmd := cc -o ${join(source, objects)}/tools/objtool.o\n`);
    await writeFile(join(temp.path, 'new.config'), '# New.\nCONFIG_NEW=y\n');
    const changed = `${recipe}+${join(temp.path, 'new.config')}`;
    const { image } = await buildRecipe(changed, context);
    expect(image).not.toBe((await buildRecipe(recipe, context)).image);
    const other = (await folders()).find((name) => name !== objects) ?? '';
    expect(await readFile(join(source, other, 'tools/.objtool.o.cmd'), 'utf8')).toBe(
      `cmd := cc -o ${join(source, other)}/tools/objtool.o\n`,
    );
    // A comment builds nothing else.
    await writeFile(join(temp.path, 'new.config'), '# Newer.\nCONFIG_NEW=y\n');
    expect(await buildRecipe(changed, context)).toMatchObject({ image });
  });

  it('refuses a config change that kconfig drops', async () => {
    await writeFile(join(temp.path, 'new.config'), '# CONFIG_SMP is not set\n');
    const changed = buildRecipe(`${recipe}+${join(temp.path, 'new.config')}`, context);
    expect(await messageOf(changed)).toBe(
      'BuildError: Cannot build recipe:mine+/tmp/new.config: kconfig dropped "# CONFIG_SMP is not ' +
        'set" of new.config (.config has CONFIG_SMP=y): the kernel does not have the option, or ' +
        'it depends on another',
    );
    expect(await builds()).toEqual([]);
  });

  it('leaves no image of a patch that does not apply', async () => {
    await writeFile(join(temp.path, '0001-x.patch'), PATCH.replace('-true', '-false'));
    expect(await messageOf(buildRecipe(recipe, context))).toBe(
      'BuildError: Cannot apply /tmp/0001-x.patch: hunk 1 of init/main.sh does not fit at line ' +
        "1; rebase 0001-x.patch on the recipe's source",
    );
    expect(await builds()).toEqual([]);
  });

  it("takes a user's tree", async () => {
    await writeFile(
      recipe,
      JSON.stringify({ schema: 1, source: 'linux', config: ['x.config'], policy: 'reserve-1m' }),
    );
    const { image, policy } = await buildRecipe(recipe, context);
    expect(policy).toBe('reserve-1m');
    expect(existsSync(image)).toBe(true);
  });

  it('refuses a config that does not exist', async () => {
    await writeRecipe({ config: ['no.config'] });
    const refused = buildRecipe(recipe, context);
    await expect(refused).rejects.toThrow(UsageError);
    expect(await messageOf(refused)).toBe(
      'UsageError: Cannot read the config /tmp/no.config: expected a file, or "ours"',
    );
  });
});
