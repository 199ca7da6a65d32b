// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readUnpacked } from '../../kernel/source-list.ts';
import { runCommand } from '../../process/owned-process.ts';
import { projectPath } from '../../project-root.ts';
import { ORACLE_FILES, oracleSource } from './oracle-source.ts';

/** Code that nothing calls may lack what it calls; all else must be there. */
const COMPILER = ['gcc', '-O2', '-std=gnu11', '-Werror=implicit-function-declaration'];
const SECTIONS = ['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'];

/** Compiles the oracle of an unpacked kernel source into `folder`; gives its path. Throws `ProcessError` with what gcc says. */
export async function buildOracle(
  source: { readonly name: string; readonly folder: string },
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const texts = await readUnpacked(source.folder, ORACLE_FILES);
  const binary = join(folder, source.name);
  const code = oracleSource((file) => texts.get(file) ?? '', projectPath('scripts/oracle'));
  await writeFile(`${binary}.c`, code);
  await runCommand([...COMPILER, ...SECTIONS, '-o', binary, `${binary}.c`], { signal });
  return binary;
}
