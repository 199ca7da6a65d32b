// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { FOLDERS } from './check/import-rules.ts';

const TSX = import.meta.resolve('../harness/process/typescript.mjs');
const CHECK = join(import.meta.dirname, 'check/check-imports.ts');

/** Sources that break each rule once. */
const SOURCES = {
  'harness/memory/upward.ts': "import '../model/a.ts';",
  'harness/memory/upward.test.ts': "import '../model/testing/b.ts';",
  'harness/memory/helped.ts': "import './testing/c.ts';",
  'harness/memory/circle-1.ts': "import './circle-2.ts';",
  'harness/memory/circle-2.ts': "import './circle-1.ts';",
  'harness/memory/testing/c.ts': 'export {};',
  'harness/model/a.ts': 'export {};',
  'harness/model/testing/b.ts': 'export {};',
  'harness/spare/d.ts': "import '../model/a.ts';",
  'scripts/e.ts': 'export {};',
};

let said = { stdout: '', code: 0 };

beforeAll(async () => {
  await using temp = await makeTempDir();
  for (const [path, text] of Object.entries(SOURCES)) {
    await mkdir(dirname(join(temp.path, path)), { recursive: true });
    await writeFile(join(temp.path, path), text);
  }
  said = await promisify(execFile)(process.execPath, ['--import', TSX, CHECK], {
    cwd: temp.path,
  }).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error: unknown) => error as typeof said,
  );
}, 60_000);

it.each([
  ['an arrow upward', 'memory-imports: harness/memory/upward.ts → harness/model/a.ts'],
  [
    'a test that looks upward',
    'memory-tests-import-nothing-above: harness/memory/upward.test.ts → harness/model/testing/b.ts',
  ],
  [
    'a product file that imports a test helper',
    'only-tests-import-testing: harness/memory/helped.ts → harness/memory/testing/c.ts',
  ],
  ['a circle', 'no-cycle: harness/memory/circle-1.ts → harness/memory/circle-2.ts'],
  ['a folder without a row', 'listed-folder: harness/spare/d.ts → harness/model/a.ts'],
  [
    'a rule that nothing uses',
    'unused arrow: model/ may import memory/ and does not: remove it from FOLDERS',
  ],
  ['sources that were not seen', 'Cannot judge the imports: expected 200 modules, found 10'],
])('the import rules catch %s', (_fault, line) => {
  expect(said.stdout.split('\n')).toContain(line);
  expect(said.code).toBe(1);
});

it('DESIGN.md draws the arrows that the rules allow', () => {
  const design = readFileSync(join(import.meta.dirname, '../DESIGN.md'), 'utf8');
  const rows = Object.entries(FOLDERS).map(([folder, mayImport]) => {
    const names = mayImport.map((name) => `\`${name}\``).join(', ');
    return `| \`${folder}\` | ${{ '': 'nothing', '`*`': 'everything' }[names] ?? names} |\n`;
  });
  const [, table = ''] = /^\| folder \| imports \|\n.*\n((?:\|.*\n)+)/m.exec(design) ?? [];
  expect(table).toBe(rows.join(''));
});
