// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { BuildError, UsageError } from '../errors.ts';
import { readInput } from '../process/read-input.ts';

/** A kernel's config before kconfig has completed it. */
export interface KernelConfig {
  /** What is built, and part of the key of builds. */
  readonly text: string;
  /** The make target that turns it into `.config`. */
  readonly target: 'allnoconfig' | 'olddefconfig';
  /** A file under `arch/x86/configs/` that it goes on top of; null for none. */
  readonly base: string | null;
  /** Whether clang and lld build it. */
  readonly clang: boolean;
  /** The same without the changes; null if there are none. */
  readonly unchanged: KernelConfig | null;
  readonly changes: readonly ConfigChange[];
}

/** A fragment that must take effect. */
export interface ConfigChange {
  /** The name of its file. */
  readonly name: string;
  /** Lines such as `CONFIG_KASAN=y` and `# CONFIG_SMP is not set`. */
  readonly lines: readonly string[];
  /** See `KernelConfig`: a line `# Base: x86_64_defconfig`. */
  readonly base: string | null;
}

/** A line that sets an option, and one that turns it off. */
const SET = /^(CONFIG_\w+)=(.*)$/;
const NOT_SET = /^# (CONFIG_\w+) is not set$/;
const BASE = /^# Base: (\w+)$/m;

const CLANG = 'CONFIG_CC_IS_CLANG=y';

/** The config of these fragments, later ones first heard, and of the changes on top. Throws `UsageError` if one is not there. */
export async function fragments(
  paths: readonly string[],
  changePaths: readonly string[] = [],
): Promise<KernelConfig> {
  const text = (await Promise.all(paths.map((path) => readConfig(path)))).join('\n');
  const unchanged = plainConfig(text, 'allnoconfig');
  if (changePaths.length === 0) return unchanged;
  const changes = await Promise.all(
    changePaths.map(async (path) => parseChange(await readConfig(path), basename(path))),
  );
  return changedConfig(unchanged, changes);
}

/** A whole `.config`, such as a distribution's; it may be a pipe, such as `<(zcat /proc/config.gz)`. */
export async function wholeConfig(path: string, signal: AbortSignal): Promise<KernelConfig> {
  return plainConfig(await readConfig(path, signal), 'olddefconfig');
}

/** A fragment without its comments, which may change and build nothing else. Throws `UsageError` if it sets nothing. */
export function parseChange(text: string, name: string): ConfigChange {
  const lines = text.split('\n').filter((line) => SET.test(line) || NOT_SET.test(line));
  const [, base = null] = BASE.exec(text) ?? [];
  if (lines.length > 0) return { name, lines, base };
  throw new UsageError(
    `Cannot use the config fragment ${name}: expected lines such as CONFIG_X=y or ` +
      '"# CONFIG_X is not set", found none',
  );
}

/** A config with changes on top. */
export function changedConfig(
  unchanged: KernelConfig,
  changes: readonly ConfigChange[],
): KernelConfig {
  const lines = changes.flatMap((change) => change.lines);
  const base = changes.find((change) => change.base !== null)?.base ?? null;
  const onBase = base === null ? [] : [`# Base: ${base}`];
  return {
    text: [unchanged.text, ...onBase, ...lines, ''].join('\n'),
    target: base === null ? unchanged.target : 'olddefconfig',
    base,
    clang: lines.includes(CLANG),
    unchanged,
    changes,
  };
}

/**
 * Throws `BuildError` if `.config` is not as the changes ask, or not another than without them: kconfig drops without a
 * word what an option depends on lacks, and what the kernel does not know.
 */
export function requireChanges(
  { changes }: KernelConfig,
  {
    name,
    before,
    after,
  }: { readonly name: string; readonly before: string; readonly after: string },
): void {
  const lines = new Set(after.split('\n'));
  const dropped = changes.flatMap((change) =>
    change.lines
      .filter((line) => !holds(line, lines))
      .map((line) => `"${line}" of ${change.name} (.config has ${found(line, lines)})`),
  );
  if (dropped.length > 0) {
    throw new BuildError(
      `Cannot build ${name}: kconfig dropped ${dropped.join(', ')}: the kernel does not have the option, ` +
        'or it depends on another',
    );
  }
  if (before !== after) return;
  throw new BuildError(
    `Cannot build ${name}: ${changes.map((change) => change.name).join(', ')} changes nothing: its .config ` +
      'is the same without; the kernel does not have the option, or is so already',
  );
}

function holds(line: string, config: ReadonlySet<string>): boolean {
  const [, off] = NOT_SET.exec(line) ?? [];
  return off === undefined ? config.has(line) : settingOf(off, config) === undefined;
}

function found(line: string, config: ReadonlySet<string>): string {
  const [, option = ''] = SET.exec(line) ?? NOT_SET.exec(line) ?? [];
  const off = `# ${option} is not set`;
  return settingOf(option, config) ?? (config.has(off) ? off : 'no such option');
}

function settingOf(option: string, config: ReadonlySet<string>): string | undefined {
  for (const line of config) if (line.startsWith(`${option}=`)) return line;
  return undefined;
}

function plainConfig(text: string, target: KernelConfig['target']): KernelConfig {
  return { text, target, base: null, clang: false, unchanged: null, changes: [] };
}

async function readConfig(path: string, signal?: AbortSignal): Promise<string> {
  const missing = (): string => `Cannot read the config ${path}: expected a file, or "ours"`;
  return readInput(path, { missing, ...(signal ? { signal } : {}) });
}
