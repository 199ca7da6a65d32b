// SPDX-License-Identifier: MIT
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-misused-promises, unicorn/require-post-message-target-origin */
// What a thread of ours begins with: Node's threads know no TypeScript by themselves. It answers one call after another;
// a module alone it loads.
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
parentPort.on('message', async ({ module, name, argument }) => {
  try {
    const functions = await import(module);
    if (name === undefined) return;
    parentPort.postMessage({ value: await functions[name](argument) });
  } catch (error) {
    parentPort.postMessage({ error });
  }
});
