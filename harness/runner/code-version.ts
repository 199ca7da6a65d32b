// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import type { CodeVersion } from '../matrix/planned-run.ts';
import { sha256 } from '../process/file-hash.ts';
import { IS_CHECKOUT, projectPath } from '../project-root.ts';

/** A package has no sources: `scripts/pack.sh` writes down what they were. */
const OF_PACKAGE = projectPath('dist/code-version.json');

/** The folders of `harness/` that predict, and all that judge: what `check/` imports. */
const SOURCES = {
  model: ['memory', 'model'],
  code: ['memory', 'bundle', 'layout', 'model', 'vmcore', 'check'],
} as const;

/** Which sub1m this is. */
export function codeVersion(): CodeVersion {
  if (!IS_CHECKOUT) return JSON.parse(readFileSync(OF_PACKAGE, 'utf8')) as CodeVersion;
  const harness = projectPath('harness');
  const digest = (kind: keyof typeof SOURCES): string => digestSources(harness, SOURCES[kind]);
  return { version: manifest.version, code: digest('code'), model: digest('model') };
}

/** The SHA-256 of the program's files in these folders, and of those beside them; tests do not count. */
export function digestSources(harness: string, folders: readonly string[]): string {
  const inside = folders.flatMap((folder) =>
    readdirSync(join(harness, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  );
  const sources = [...readdirSync(harness), ...inside].filter(
    (path) => path.endsWith('.ts') && !/(^|\/)testing\/|\.test\.ts$/.test(path),
  );
  return sha256(
    sources
      .toSorted()
      .map((path) => `${path} ${sha256(readFileSync(join(harness, path)))}\n`)
      .join(''),
  );
}
