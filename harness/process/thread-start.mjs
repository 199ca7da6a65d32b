// SPDX-License-Identifier: MIT
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, unicorn/require-post-message-target-origin */
// What a thread of ours begins with: Node's threads know no TypeScript by themselves.
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { module, name, argument } = workerData;
const functions = await import(module);
parentPort.postMessage(await functions[name](argument));
