// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A place in a compiled file, as V8 writes it into a stack; line and column from 1. */
const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;

/**
 * A stack with the places of the sources instead of those of `dist/`; what has no source map stays. Node can do this
 * by itself (`--enable-source-maps`), at the cost of a tenth of every start.
 */
export function sourceStack(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(PLACE, (place, ...found: string[]) => {
    const [url = '', line, column] = found;
    if (!maps.has(url)) maps.set(url, findSourceMap(url));
    const entry = maps.get(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !('originalSource' in entry)) return place;
    const source = fileURLToPath(new URL(entry.originalSource, url));
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function findSourceMap(url: string): SourceMap | undefined {
  try {
    const text = readFileSync(`${fileURLToPath(url)}.map`, 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    // A file of a package has none.
    return undefined;
  }
}
