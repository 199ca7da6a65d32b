// SPDX-License-Identifier: MIT
/**
 * The HTML report of a run: one file that needs nothing else. Its one rule: text becomes HTML in this file alone, and
 * only by `html`, which escapes it. Start reading at html-report.ts.
 */
import { printableText } from '../../memory/printable-text.ts';
import { escapeXml } from '../svg/blocks.ts';

/** HTML: text that is escaped, between tags of ours. Only this file makes one. */
class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Nobody else can call it: the class is not exported. */
  static of(text: string): Markup {
    return new Markup(text);
  }

  toString(): string {
    return this.#text;
  }
}

export type { Markup };

/** What can stand in a template: text is escaped, nothing stands for null. */
export type Part = Markup | string | number | null | readonly Part[];

/**
 * HTML from a template: what is put into it is text, whoever wrote it, unless `html` made that too. A value of an
 * attribute stands between double quotes; `html` throws for one that does not.
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = ownTexts.get(template) ?? ownTextsOf(template);
  return Markup.of(texts.map((text, nr) => text + partText(parts[nr] ?? null)).join(''));
}

/** What stands between the parts of a template: checked, and without its indentation. */
const ownTexts = new WeakMap<TemplateStringsArray, readonly string[]>();

function ownTextsOf(template: TemplateStringsArray): readonly string[] {
  const texts = template.map((text) => text.replaceAll(/\s*\n\s*/g, '\n'));
  if (texts.slice(0, -1).some((text) => /=\s*$/.test(text))) {
    throw new Error(`Cannot make HTML: expected quotes around each value of ${texts.join('…')}`);
  }
  ownTexts.set(template, texts);
  return texts;
}

function partText(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.toString();
  return typeof part === 'object' ? part.map(partText).join('') : escapeXml(String(part));
}

/** Lines of text as they are, with the blanks at their beginnings: each is made printable by itself. */
export function htmlLines(lines: readonly string[]): Markup {
  const escaped = lines.map((line) => {
    const [blanks = ''] = /^ */.exec(line) ?? [];
    return blanks + escapeXml(line);
  });
  return Markup.of(escaped.join('\n'));
}

/** A script or a style sheet of ours, whole; its text is no HTML and can hold no end tag. */
export function ownElement(name: 'script' | 'style', text: string): Markup {
  if (/<\/|<!--/.test(text)) throw new Error(`A ${name} of ours ends itself`);
  return Markup.of(`<${name}>${text}</${name}>`);
}

/** A link, if the reference is the address of a page; else the text alone. */
export function reference(text: string): Part {
  const address = printableText(text);
  return /^https?:\/\//.test(address)
    ? html`<a href="${address}" rel="noreferrer">${address}</a>`
    : text;
}
