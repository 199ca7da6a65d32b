// SPDX-License-Identifier: MIT
/**
 * Has Node run TypeScript, in tests and scripts: `node --import ./harness/process/typescript.mjs x.ts`. Without tsx's
 * cache: it lies at a name that anybody can guess and make in the shared temporary folder, and tsx runs what it finds.
 */
// oxlint-disable-next-line node/no-process-env -- tsx takes it from nowhere else
process.env['TSX_DISABLE_CACHE'] = '1';
const { register } = await import('tsx/esm/api');
register();
