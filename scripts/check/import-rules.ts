// SPDX-License-Identifier: MIT
// The import rules of DESIGN.md for dependency-cruiser: a folder imports exactly what its row names
// (check-imports.ts fails on an arrow that nothing uses), its own files, the ground files and Node;
// an outside package is imported by its owner alone.

import type { IConfiguration } from 'dependency-cruiser';
import { PACKAGE_OWNERS } from './package-owners.ts';

/** The files below every folder: each imports at most the others. */
const GROUND = [
  'ends',
  'errors',
  'group-by',
  'json-file',
  'kernel-condition',
  'log',
  'nearest-name',
  'policy-id',
  'project-root',
  'seen',
  'source-stack',
  'surprises',
];

/** Each folder of `harness/`, from the ground up, and the folders whose files its product files import. */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  process: [],
  bundle: ['process'],
  'layout/log': ['memory', 'process'],
  layout: ['memory', 'layout/log'],
  model: ['memory'],
  'vmcore/dump': ['memory'],
  'vmcore/kernel': ['memory', 'vmcore/dump'],
  vmcore: ['memory', 'vmcore/dump', 'vmcore/kernel'],
  package: ['process'],
  kernel: ['memory', 'process', 'package'],
  firmware: ['memory', 'process', 'layout', 'package'],
  qemu: ['memory', 'process'],
  'guest-link': ['memory', 'process'],
  cell: [
    'memory',
    'process',
    'bundle',
    'layout',
    'vmcore/dump',
    'vmcore/kernel',
    'kernel',
    'firmware',
    'qemu',
    'guest-link',
  ],
  'check/observe': ['memory', 'bundle', 'layout', 'model', 'vmcore/dump', 'vmcore'],
  'check/invariants': ['memory', 'bundle', 'model', 'check/observe'],
  check: ['memory', 'bundle', 'model', 'vmcore', 'check/observe', 'check/invariants'],
  'check/log': ['memory', 'layout', 'layout/log', 'model', 'check'],
  history: ['process', 'bundle'],
  matrix: ['memory', 'process', 'bundle', 'check/observe', 'check/invariants', 'check'],
  bisect: ['memory', 'process', 'kernel', 'check/observe', 'check/invariants', 'check'],
  queue: ['process', 'bundle', 'matrix'],
  store: ['memory', 'process'],
  fuzz: ['memory', 'bundle', 'layout', 'check', 'matrix', 'bisect'],
  'report/schema': ['bundle', 'history', 'bisect', 'fuzz'],
  'report/text': [
    'memory',
    'bundle',
    'model',
    'vmcore/kernel',
    'check/observe',
    'check/invariants',
    'check',
    'history',
    'matrix',
  ],
  'report/kcidb': ['memory', 'process', 'bundle', 'check', 'matrix', 'report/text'],
  'report/progress': ['memory', 'matrix', 'report/text'],
  'report/svg': ['memory', 'matrix', 'report/text'],
  'report/html': [
    'memory',
    'process',
    'bundle',
    'model',
    'check/observe',
    'check/invariants',
    'check',
    'history',
    'matrix',
    'report/svg',
    'report/text',
  ],
  report: [
    'memory',
    'process',
    'bundle',
    'layout',
    'model',
    'vmcore/dump',
    'vmcore/kernel',
    'check/invariants',
    'check',
    'check/log',
    'history',
    'matrix',
    'bisect',
    'queue',
    'fuzz',
    'report/html',
    'report/kcidb',
    'report/schema',
    'report/svg',
    'report/text',
  ],
  runner: [
    'memory',
    'process',
    'bundle',
    'layout',
    'layout/log',
    'vmcore',
    'package',
    'kernel',
    'firmware',
    'qemu',
    'cell',
    'check/observe',
    'check',
    'history',
    'matrix',
    'report',
    'report/schema',
  ],
  'runner/bisect': [
    'process',
    'bundle',
    'kernel',
    'check/invariants',
    'matrix',
    'bisect',
    'report',
    'runner',
  ],
  'runner/fuzz': [
    'process',
    'bundle',
    'layout',
    'model',
    'kernel',
    'guest-link',
    'cell',
    'check',
    'check/log',
    'matrix',
    'fuzz',
    'report',
    'runner',
  ],
  'runner/merge': ['memory', 'process', 'bundle', 'matrix', 'runner'],
  'runner/queue': [
    'process',
    'bundle',
    'layout',
    'kernel',
    'cell',
    'matrix',
    'queue',
    'store',
    'runner',
    'runner/merge',
  ],
  'runner/submit': ['memory', 'process', 'report/kcidb', 'runner'],
  cli: ['*'],
  'cli/commands': ['*'],
};

/** What only tests import, and tests themselves. */
const TESTS = '(/testing/|\\.test(-d)?\\.ts$)';

const anyOf = (names: readonly string[]): string => `(${names.join('|')})`;

const ground = `${anyOf(GROUND)}\\.ts$`;

/** The folders that a folder reaches, itself included. */
function reachOf(folder: string): ReadonlySet<string> {
  const reach = new Set([folder]);
  for (const below of FOLDERS[folder] ?? []) for (const one of reachOf(below)) reach.add(one);
  return reach;
}

const LIMITED = Object.keys(FOLDERS).filter((folder) => FOLDERS[folder]?.[0] !== '*');

const folderRules = LIMITED.flatMap((folder) => {
  const mayImport = FOLDERS[folder] ?? [];
  // A folder's subfolders are one house with it.
  const isElsewhere = (one: string): boolean => one.split('/')[0] !== folder.split('/')[0];
  const above = LIMITED.filter((one) => isElsewhere(one) && reachOf(one).has(folder));
  return [
    {
      name: `${folder}-imports`,
      comment: `${folder}/ imports exactly: ${mayImport.join(', ') || 'nothing'} (DESIGN.md, "Folders")`,
      severity: 'error' as const,
      from: { path: `^harness/${folder}/[^/]+$`, pathNot: TESTS },
      to: {
        path: '^(harness|scripts)/',
        pathNot: `^harness/(${anyOf([folder, ...mayImport])}/[^/]+$|${ground})`,
      },
    },
    {
      name: `${folder}-tests-import-nothing-above`,
      comment: `tests of ${folder}/ import no folder that imports it`,
      severity: 'error' as const,
      from: { path: `^harness/${folder}/(testing/)?[^/]+$` },
      to: { path: `^harness/${anyOf([...above, 'cli', 'cli/commands'])}/(testing/)?[^/]+$` },
    },
  ];
});

const packageRules = Object.entries(PACKAGE_OWNERS).map(([name, owner]) => ({
  name: `${name}-owner`,
  comment: `${name} is imported in one place (DESIGN.md, "Dependencies")`,
  severity: 'error' as const,
  from: { pathNot: owner },
  to: { path: `node_modules/(@types/)?${name}/` },
}));

/** The rules. */
export const RULES: IConfiguration = {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: 'listed-folder',
      comment: 'A new folder needs its row here and in DESIGN.md',
      severity: 'error' as const,
      from: {
        path: '^harness/.+/',
        pathNot: `^harness/(${anyOf(Object.keys(FOLDERS))}/)?(testing/)?[^/]+$`,
      },
      to: {},
    },
    {
      name: 'listed-package',
      comment:
        'A new package needs its owner here and in DESIGN.md; only tests import those for tests',
      severity: 'error' as const,
      from: { path: '^harness/', pathNot: TESTS },
      to: {
        path: 'node_modules/',
        pathNot: `node_modules/(@types/)?${anyOf(Object.keys(PACKAGE_OWNERS))}/`,
      },
    },
    {
      name: 'only-tests-import-testing',
      comment: 'What helps tests lies in testing/, and nothing else imports it',
      severity: 'error' as const,
      from: { path: '^harness/', pathNot: TESTS },
      to: { path: '^harness/.*testing/' },
    },
    {
      name: 'ground-imports-nothing',
      comment:
        'The ground files are below every folder; index.ts, the public API, is above all but cli/',
      severity: 'error' as const,
      from: { path: '^harness/[^/]+$', pathNot: `(^harness/index\\.ts$|${TESTS})` },
      to: { path: '^harness/', pathNot: `^harness/${ground}` },
    },
    {
      name: 'nothing-imports-index',
      severity: 'error' as const,
      from: { path: '^harness/', pathNot: TESTS },
      to: { path: '^harness/index\\.ts$' },
    },
    {
      name: 'index-imports-no-cli',
      severity: 'error' as const,
      from: { path: '^harness/index\\.ts$' },
      to: { path: '^harness/cli/' },
    },
    { name: 'no-cycle', severity: 'error' as const, from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count: what a file knows of another is an import, whether it runs or not.
    tsPreCompilationDeps: true,
  },
};
