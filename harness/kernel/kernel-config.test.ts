// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BuildError, UsageError } from '../errors.ts';
import {
  type KernelConfig,
  changedConfig,
  fragments,
  parseChange,
  requireChanges,
} from './kernel-config.ts';

const IMAGES = new URL('../../images/', import.meta.url);
const OURS = new URL('config/sub1m.config', IMAGES).pathname;
const ZOO = new URL('config/zoo/', IMAGES);

const NO_SMP = parseChange('# No SMP.\n# CONFIG_SMP is not set\n', 'no-smp.config');

function changed(...changes: readonly string[]): KernelConfig {
  const unchanged: KernelConfig = {
    text: 'CONFIG_SMP=y\n',
    target: 'allnoconfig',
    base: null,
    clang: false,
    unchanged: null,
    changes: [],
  };
  return changedConfig(
    unchanged,
    changes.map((text) => parseChange(text, 'x.config')),
  );
}

describe('parseChange()', () => {
  it('keeps what sets options, and no other comments', () => {
    expect(NO_SMP).toEqual({
      name: 'no-smp.config',
      lines: ['# CONFIG_SMP is not set'],
      base: null,
    });
  });

  it('refuses a fragment that sets nothing', () => {
    expect(() => parseChange('# CONFIG_SMP=n\n', 'x.config')).toThrow(
      new UsageError(
        'Cannot use the config fragment x.config: expected lines such as CONFIG_X=y or ' +
          '"# CONFIG_X is not set", found none',
      ),
    );
  });
});

describe('changedConfig()', () => {
  it('puts the changes after the rest, of which the last counts', () => {
    const config = changed('# CONFIG_SMP is not set\n', 'CONFIG_KASAN=y\n');
    expect(config).toMatchObject({ target: 'allnoconfig', base: null, clang: false });
    expect(config.text).toBe('CONFIG_SMP=y\n\n# CONFIG_SMP is not set\nCONFIG_KASAN=y\n');
    expect(config.unchanged?.text).toBe('CONFIG_SMP=y\n');
  });

  it('goes on top of a defconfig of the tree', () => {
    const config = changed('# Base: x86_64_defconfig\nCONFIG_NUMA=y\n');
    expect(config).toMatchObject({ target: 'olddefconfig', base: 'x86_64_defconfig' });
    expect(config.text).not.toBe(changed('CONFIG_NUMA=y\n').text);
  });

  it('is built by clang if it says so', () => {
    expect(changed('CONFIG_CC_IS_CLANG=y\n').clang).toBe(true);
  });
});

describe('requireChanges()', () => {
  const name = 'recipe:x';
  const before = 'CONFIG_SMP=y\n# CONFIG_KASAN is not set\n';

  it.each([
    ['# CONFIG_SMP is not set', '# CONFIG_SMP is not set\n'],
    ['# CONFIG_SMP is not set', '# CONFIG_KASAN is not set\n'],
    ['CONFIG_KASAN=y', 'CONFIG_SMP=y\nCONFIG_KASAN=y\n'],
  ])('takes %s where .config is "%s"', (line, after) => {
    expect(() => {
      requireChanges(changed(line), { name, before, after });
    }).not.toThrow();
  });

  it.each([
    ['# CONFIG_SMP is not set', before, 'CONFIG_SMP=y'],
    ['CONFIG_KASAN=y', before, '# CONFIG_KASAN is not set'],
    ['CONFIG_NR_CPUS=8', 'CONFIG_NR_CPUS=16\n', 'CONFIG_NR_CPUS=16'],
    ['CONFIG_NONE=y', before, 'no such option'],
  ])('refuses %s that kconfig dropped', (line, after, found) => {
    expect(() => {
      requireChanges(changed(line), { name, before, after });
    }).toThrow(
      new BuildError(
        `Cannot build recipe:x: kconfig dropped "${line}" of x.config (.config has ${found}): ` +
          'the kernel does not have the option, or it depends on another',
      ),
    );
  });

  it('refuses changes that change nothing', () => {
    expect(() => {
      requireChanges(changed('# CONFIG_KASAN is not set'), { name, before, after: before });
    }).toThrow(
      new BuildError(
        'Cannot build recipe:x: x.config changes nothing: its .config is the same without; ' +
          'the kernel does not have the option, or is so already',
      ),
    );
  });
});

it('reads every fragment of the zoo, which says what it is and where its options exist', async () => {
  for (const file of await readdir(ZOO)) {
    const text = await readFile(new URL(file, ZOO), 'utf8');
    expect(text).toMatch(/^# SPDX-License-Identifier: MIT\n# .+\.\n(?:# .+\n)*# Exists: .+\.\n/);
    const { lines } = parseChange(text, file);
    expect(lines.length).toBeLessThanOrEqual(3);
  }
});

it('gives recipes without changes the key that they always had', async () => {
  expect((await fragments([OURS])).text).toBe(await readFile(OURS, 'utf8'));
});
