// SPDX-License-Identifier: MIT
/** Reads HTML documents for tests, with a parser that is not ours: what a browser makes of them. */
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

/** What an HTML document consists of. */
interface HtmlParts {
  /** The name of each element, as often as it is there. */
  readonly elements: readonly string[];
  readonly attributes: ReadonlySet<string>;
}

/** The elements of an HTML document in their order, and the names of all their attributes. */
export function partsOfHtml(text: string): HtmlParts {
  const elements: string[] = [];
  const attributes = new Set<string>();
  const walk = (node: DefaultTreeAdapterTypes.Node): void => {
    if ('tagName' in node) {
      elements.push(node.tagName);
      for (const { name } of node.attrs) attributes.add(name);
    }
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(parse(text));
  return { elements, attributes };
}
