// SPDX-License-Identifier: MIT
// What a thread of ours begins with where we run from TypeScript: Node's threads know none by themselves.
await import('./typescript.mjs');

await import('./thread-calls.ts');
