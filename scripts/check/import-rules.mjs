// SPDX-License-Identifier: MIT
// The import rules of DESIGN.md for dependency-cruiser: a folder imports what its row names, its
// own files, `errors.ts`, `log.ts` and Node; an outside package is imported by its owner alone.

/** Each folder of `harness/` and the folders it may import. */
const FOLDERS = {
  memory: [],
  process: [],
  bundle: [],
  model: ['memory'],
  vmcore: ['memory'],
  package: ['memory', 'process'],
  kernel: ['memory', 'process', 'package'],
  firmware: ['memory', 'process', 'package'],
  qemu: ['memory', 'process'],
  'guest-link': ['memory', 'process'],
  check: ['memory', 'model', 'vmcore', 'bundle'],
  cell: ['memory', 'process', 'bundle', 'vmcore', 'kernel', 'firmware', 'qemu', 'guest-link'],
  matrix: ['process', 'memory', 'bundle', 'kernel', 'cell', 'check'],
  bisect: ['process', 'kernel', 'memory', 'model', 'matrix', 'check'],
  fuzz: ['process', 'kernel', 'memory', 'model', 'matrix', 'check'],
  report: ['memory', 'model', 'vmcore', 'bundle', 'check', 'matrix', 'bisect'],
  cli: ['[^/]+'],
};

/** Each outside package that the product is built on and the files that may import it. */
const PACKAGE_OWNERS = {
  execa: 'harness/process/owned-process\\.ts$',
  'tmp-promise': 'harness/process/temp-dir\\.ts$',
  'tap-parser': 'harness/guest-link/guest-tap\\.ts$|\\.test\\.ts$',
  'tar-stream': 'harness/guest-link/',
  ssh2: 'harness/guest-link/ssh-(link|keys)\\.ts$|\\.test\\.ts$',
  listr2: 'harness/report/live-progress\\.ts$',
  'junit-report-builder': 'harness/report/junit-report\\.ts$',
  commander: 'harness/cli/|scripts/bench\\.ts$',
  zod: 'harness/',
  hysnappy: 'harness/vmcore/decompress\\.ts$|\\.test\\.ts$',
  zstddec: 'harness/vmcore/decompress\\.ts$',
  tsx: 'harness/process/thread-start\\.mjs$',
};

/** @param {string[]} names */
const anyOf = (names) => `(${names.join('|')})`;

const folderRules = Object.entries(FOLDERS).map(([folder, mayImport]) => ({
  name: `${folder}-imports`,
  comment: `${folder}/ may import: ${mayImport.join(', ') || 'nothing'} (DESIGN.md, "Folders")`,
  severity: 'error',
  from: { path: `^harness/${folder}/` },
  to: {
    path: '^(harness|scripts)/',
    pathNot: `^harness/(${anyOf([folder, ...mayImport])}/|(errors|log|json-file)\\.ts$)`,
  },
}));

const packageRules = Object.entries(PACKAGE_OWNERS).map(([name, owner]) => ({
  name: `${name}-owner`,
  comment: `${name} is imported in one place (DESIGN.md, "Dependencies")`,
  severity: 'error',
  from: { pathNot: owner },
  to: { path: `node_modules/(@types/)?${name}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: 'listed-folder',
      comment: 'A new folder needs its row here and in DESIGN.md',
      severity: 'error',
      from: { path: '^harness/[^/]+/', pathNot: `^harness/${anyOf(Object.keys(FOLDERS))}/` },
      to: {},
    },
    {
      name: 'listed-package',
      comment:
        'A new package needs its owner here and in DESIGN.md; only tests import those for tests',
      severity: 'error',
      from: { path: '^harness/', pathNot: '(\\.test(-d)?|-cases|/checked-cells)\\.ts$' },
      to: {
        path: 'node_modules/',
        pathNot: `node_modules/(@types/)?${anyOf(Object.keys(PACKAGE_OWNERS))}/`,
      },
    },
    {
      name: 'top-imports-nothing',
      comment: 'errors.ts and log.ts are below every folder',
      severity: 'error',
      from: { path: '^harness/[^/]+$' },
      to: { path: '^harness/.+/' },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count: what a file knows of another is an import, whether it runs or not.
    tsPreCompilationDeps: true,
  },
};
