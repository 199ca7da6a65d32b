// SPDX-License-Identifier: MIT
// Holds the sources to import-rules.mjs, and the rules to the sources: an arrow that is allowed and
// that no product file draws is a fault, too. Exits 1 if there is any.
import { cruise } from 'dependency-cruiser';
import rules, { FOLDERS } from './import-rules.mjs';

/** Having seen fewer, dependency-cruiser has missed the sources, and finds no fault in them. */
const MODULES_WANTED = 200;

const { forbidden, options } = rules;
const { output } = await cruise(['harness', 'scripts'], {
  ...options,
  ruleSet: { forbidden },
  validate: true,
});
const { modules, summary } = output;

const faults = summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
if (modules.length < MODULES_WANTED) {
  faults.push(
    `Cannot judge the imports: expected ${MODULES_WANTED} modules, found ${modules.length}`,
  );
}

const isTest = (path) => /\/testing\/|\.test(-d)?\.ts$/.test(path);
const folderOf = (path) => /^harness\/(.+)\/[^/]+$/.exec(path)?.[1];
const drawn = new Set(
  modules
    .filter(({ source }) => !isTest(source))
    .flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => `${folderOf(source)} → ${folderOf(resolved)}`),
    ),
);
for (const [folder, mayImport] of Object.entries(FOLDERS)) {
  for (const other of mayImport.filter((name) => name !== '*')) {
    if (drawn.has(`${folder} → ${other}`)) continue;
    faults.push(
      `unused arrow: ${folder}/ may import ${other}/ and does not: take it out of FOLDERS`,
    );
  }
}

console.log(faults.length > 0 ? faults.join('\n') : `no fault in ${modules.length} modules`);
process.exitCode = faults.length > 0 ? 1 : 0;
