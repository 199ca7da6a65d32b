// SPDX-License-Identifier: MIT
import { printableText } from '../../memory/printable-text.ts';

/** A part of an image, as wide as it is: elements drawn from its own top left corner. */
export interface Block {
  /** In pixels. */
  readonly height: number;
  readonly elements: readonly string[];
}

/** The values of attributes. */
type Attributes = Readonly<Record<string, string | number>>;

/** Text of an XML document; what a guest wrote is made printable first. */
export function escapeXml(text: string): string {
  return printableText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An element of SVG without content. */
export function element(name: string, attributes: Attributes): string {
  return `<${name}${attributeText(attributes)}/>`;
}

/** An element with text, or with elements that are escaped already. */
export function textElement(text: string, attributes: Attributes): string {
  return `<text${attributeText(attributes)}>${escapeXml(text)}</text>`;
}

function attributeText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

/** Blocks from top to bottom, with so many pixels between them. */
export function stack(blocks: readonly Block[], gap: number): Block {
  let top = 0;
  const elements = blocks.flatMap((block) => {
    const group = [`<g transform="translate(0 ${top})">`, ...block.elements, '</g>'];
    top += block.height + gap;
    return group;
  });
  return { height: Math.max(top - gap, 0), elements };
}

/** Lines of text in a size, both in pixels. */
export function textLines(
  lines: readonly string[],
  { size, style }: { readonly size: number; readonly style: string },
): Block {
  const lineHeight = Math.round(size * 1.4);
  return {
    height: lines.length * lineHeight,
    elements: lines.map((line, nr) =>
      textElement(line, { class: style, 'font-size': size, y: nr * lineHeight + size }),
    ),
  };
}
