// SPDX-License-Identifier: MIT
/**
 * Holds the sources to import-rules.ts, and the rules to the sources: an arrow that is allowed and
 * that no product file draws is a fault, too. Exits 1 if there is any.
 */
import { cruise } from 'dependency-cruiser';
import { FOLDERS, RULES } from './import-rules.ts';

/** Having seen fewer, dependency-cruiser has missed the sources and finds no fault in them. */
const MODULES_EXPECTED = 200;

const { forbidden = [], options = {} } = RULES;
const { output } = await cruise(['harness', 'scripts'], {
  ...options,
  ruleSet: { forbidden },
  validate: true,
});
if (typeof output === 'string') throw new Error('dependency-cruiser gave text');
const { modules, summary } = output;

const faults = summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
if (modules.length < MODULES_EXPECTED) {
  faults.push(
    `Cannot judge the imports: expected ${MODULES_EXPECTED} modules, found ${modules.length}`,
  );
}

const folderOf = (path: string): string | undefined => /^harness\/(.+)\/[^/]+$/.exec(path)?.[1];
const drawn = new Set(
  modules
    .filter(({ source }) => !/\/testing\/|\.test(-d)?\.ts$/.test(source))
    .flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => `${folderOf(source)} → ${folderOf(resolved)}`),
    ),
);
for (const [folder, mayImport] of Object.entries(FOLDERS)) {
  for (const other of mayImport.filter((name) => name !== '*')) {
    if (drawn.has(`${folder} → ${other}`)) continue;
    faults.push(
      `unused arrow: ${folder}/ may import ${other}/ and does not: remove it from FOLDERS`,
    );
  }
}

process.stdout.write(
  faults.length > 0 ? `${faults.join('\n')}\n` : `no fault in ${modules.length} modules\n`,
);
process.exitCode = faults.length > 0 ? 1 : 0;
