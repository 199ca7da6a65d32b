// SPDX-License-Identifier: MIT
/**
 * `npm run -s coverage -- <results folder>…`: of kernels that count (`recipe:…+config/gcov`), the branches of their own
 * low-memory code that the cells of runs took, all together, and where most was left.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BundleFolder } from '../harness/bundle/bundle-folder.ts';
import { readCellRecord } from '../harness/bundle/bundle.ts';
import { readEnvironment } from '../harness/cli/environment.ts';
import { CoverageOfKernels, summarise } from '../harness/fuzz/coverage.ts';
import { type Kernel, requireKernel } from '../harness/kernel/require-kernel.ts';
import { silentLog } from '../harness/log.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { codeLines } from '../harness/report/fuzz-report.ts';
import { readCoverage } from '../harness/runner/fuzz/read-coverage.ts';

const { signal } = new AbortController();
const { cacheDir, mirror } = readEnvironment(process.env);
await using temp = await makeTempDir();
const coverage = new CoverageOfKernels([]);
const kernels = new Map<string, Kernel>();
let cells = 0;

const folders = process.argv.slice(2);
if (folders.length === 0) {
  process.stderr.write('Usage: npm run -s coverage -- <results folder>…\n');
  process.exit(64);
}
for (const results of folders) {
  for (const entry of await readdir(results, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    using folder = BundleFolder.open(join(results, entry.name));
    if (!folder.has('cell.json') || !folder.has('system/gcov.tar')) continue;
    const { spec, kernel: ran } = readCellRecord(folder);
    const tar = folder.read('system/gcov.tar', spec) ?? new Uint8Array();
    const ref = spec.kernel;
    const context = { cacheDir, mirror, signal, log: silentLog };
    const kernel = kernels.get(ref) ?? (await requireKernel(ref, context));
    kernels.set(ref, kernel);
    const { image, imageSha256 } = kernel;
    if (ran?.imageSha256 !== imageSha256) {
      process.stderr.write(`${folder.path}: left out, its kernel is another ${ref} than today's\n`);
      continue;
    }
    coverage.add(imageSha256, await readCoverage({ tar, image, temp: temp.path, signal }));
    cells += 1;
  }
}
for (const [kernel, { imageSha256 }] of kernels) {
  const files = summarise(coverage.of(imageSha256));
  process.stdout.write(`${codeLines({ kernel, files }).join('\n')}\n`);
}
process.stdout.write(`${cells} cells\n`);
