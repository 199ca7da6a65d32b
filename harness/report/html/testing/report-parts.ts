// SPDX-License-Identifier: MIT
/** Takes an HTML report apart, as a browser and its script would. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** What a report packs, by name: pages of cells, maps. */
export function packedParts(report: string): Map<string, string> {
  const blocks = report.matchAll(
    /<script type="text\/plain" data-packed="([^"]*)">([A-Za-z0-9+/=\s]*)<\/script>/g,
  );
  return new Map(
    Array.from(blocks, ([, name = '', packed = '']) => [
      name,
      gunzipSync(Buffer.from(packed, 'base64')).toString('utf8'),
    ]),
  );
}

/** The report without what is packed, and without its script and style sheet. */
export function shownPart(report: string): string {
  return report.replaceAll(/(<(script|style)\b[^>]*>).*?(<\/\2>)/gs, '$1$3');
}

/** The names of the elements of a part, and those of their attributes; throws where a `<` or `>` belongs to neither. */
export function tagsOf(part: string): {
  readonly elements: Set<string>;
  readonly attributes: Set<string>;
} {
  const [elements, attributes] = [new Set<string>(), new Set<string>()];
  const tag = /<(!doctype html|\/?[a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*\/?>/g;
  const rest = part.replaceAll(tag, (_, name: string, values: string) => {
    elements.add(name.replace('/', ''));
    for (const [, attribute = ''] of values.matchAll(/\s([a-zA-Z-]+)(?:="[^"]*")?/g)) {
      attributes.add(attribute);
    }
    return '';
  });
  const stray = /.{0,40}[<>].{0,40}/.exec(rest);
  if (stray) throw new Error(`Not a tag of ours: ${stray[0]}`);
  return { elements, attributes };
}

/** What a part says, without its tags. */
export function wordsIn(part: string): string {
  return part
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
}

/** The hashes of the script and the style sheet, as a content security policy has them. */
export function ownHashes(report: string): string[] {
  return Array.from(
    report.matchAll(/<(?:script|style)>(.*?)<\/(?:script|style)>/gs),
    ([, text = '']) => {
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    },
  );
}
