// SPDX-License-Identifier: MIT
// What a thread of ours begins with where we run from TypeScript: Node's threads know none by themselves.
import { register } from 'tsx/esm/api';

register();
await import('./thread-calls.ts');
