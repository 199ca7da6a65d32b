// SPDX-License-Identifier: MIT
/** Each outside package that the product is built on and the files that may import it. */
export const PACKAGE_OWNERS = {
  execa: 'harness/process/owned-process\\.ts$',
  'tmp-promise': 'harness/process/temp-dir\\.ts$',
  'tap-parser': 'harness/guest-link/guest-tap\\.ts$|\\.test\\.ts$',
  bullmq: 'harness/queue/job-queue\\.ts$',
  ioredis: 'harness/queue/connect\\.ts$',
  'tar-stream': 'harness/(guest-link|package|runner/merge|runner/queue)/|\\.test\\.ts$',
  ssh2: 'harness/(guest-link/ssh-(link|keys)|store/sftp-(connection|remote))\\.ts$|\\.test\\.ts$',
  aws4fetch: 'harness/store/s3-remote\\.ts$',
  'prom-client': 'harness/report/metrics\\.ts$',
  listr2: 'harness/report/progress/live-progress\\.ts$',
  'junit-report-builder': 'harness/report/junit-report\\.ts$',
  commander: 'harness/cli/|scripts/(bench|soak|try-workflow)\\.ts$',
  zod: 'harness/|scripts/ci-trial/',
  hysnappy: 'harness/vmcore/dump/decompress\\.ts$|\\.test\\.ts$',
  zstddec: 'harness/vmcore/dump/decompress\\.ts$',
  tsx: 'harness/process/typescript\\.mjs$',
};
