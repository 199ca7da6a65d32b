// SPDX-License-Identifier: MIT
/** What mailers, forums, terminals and programs make of a log, and how it is undone. */

/** One wrapping of a log's text. */
interface TextForm {
  readonly name: string;
  readonly isIn: (text: string) => boolean;
  readonly undo: (text: string) => string;
}

/** A log as it was, and the names of what was undone, in order. */
export interface PlainText {
  readonly text: string;
  readonly forms: readonly string[];
}

/** A message of `dmesg --json`, or of `journalctl -o json` and `json-pretty`; that may be a list of bytes. */
const JSON_MESSAGE =
  /"(?:msg|MESSAGE)"\s{0,8}:\s{0,8}(?:"((?:[^"\\\n]|\\.){0,2048})"|\[([\d,\s]{0,8192})\])/g;

/** The tags of HTML and the codes of BBCode that forums put around a log; a log itself has `<6>` and `[mem`. */
const BREAKING_TAG = /<(?:br|\/p|\/div|\/li|\/tr) ?\/?>(?=[^\r\n])/gi;
const TAG =
  /<\/?(?:a|b|blockquote|body|br|code|div|em|font|html|i|kbd|li|mark|ol|p|pre|samp|span|strong|table|tbody|td|th|tr|tt|u|ul)(?: [^<>\n]{0,256})?\/?>/gi;
const CODE =
  /\[\/?(?:b|code|color|font|i|indent|left|list|noparse|pre|quote|size|spoiler|tt|u|url)(?:=[^\]\n]{0,128})?\]/gi;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  nbsp: ' ',
  quot: '"',
};
const ENTITY = /&(?:#(\d{1,5})|#x([0-9a-f]{1,4})|(amp|apos|gt|lt|nbsp|quot));/gi;

/** An escape of a terminal, its escape character as it is, lost, or written out as `^[`, `\x1b`, `\033`, `\e`, `#033`. */
const ESCAPE = /(?:\u001b|\^\[|\\x1b|\\033|\\e|#033)\[[0-9;?]{0,16}[A-Za-z]/gi;
const LOST_ESCAPE = /\[\d{1,3}(?:;\d{1,3}){0,4}m/g;

/** A time stamp that does not begin its line: the ends of lines are lost. */
const LOST_END = /(?<=[^\n]{20}) ?(?=\[ {0,11}\d{1,6}\.\d{6}\] )/g;

/** A map line that does not begin its line, where no time stamp tells. */
const RUN_TOGETHER = /(?<=[^\n]) ?(?=BIOS-e820: \[mem|efi: mem\d)/gi;

/** The words that map lines are known by, broken by the end of a line; what quotes may stand before the rest. */
const BROKEN_WORD = new RegExp(
  ['BIOS-e820: ', 'efi: mem', 'Linux version ']
    .flatMap((word) =>
      Array.from({ length: word.length - 1 }, (_, at) => [
        word.slice(0, at + 1),
        word.slice(at + 1),
      ]),
    )
    .map(([before, after]) => `\\b${before}\\n[> ]{0,8}${after}`)
    .join('|'),
  'gi',
);

/** The table; each works on what those before it left. */
const FORMS: readonly TextForm[] = [
  {
    name: 'quoted-printable',
    isIn: (text) =>
      /^Content-Transfer-Encoding: *quoted-printable/im.test(text) ||
      /(?:BIOS-e820|efi: mem\d)[^\n]{0,200}=\r?\n/i.test(text),
    undo: (text) =>
      text
        .replaceAll(/=[ \t]{0,8}\r?\n/g, '')
        .replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) =>
          Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'),
        ),
  },
  { name: 'JSON', isIn: isJsonLog, undo: messagesOf },
  {
    name: 'escaped line ends',
    isIn: (text) => /(?:BIOS-e820|efi: mem\d)[^\n]{0,200}(?:\\r)?\\n[^\n]/i.test(text),
    undo: (text) => text.replaceAll(/(?:\\r)?\\n/g, '\n').replaceAll('\\t', '\t'),
  },
  {
    name: 'HTML',
    isIn: (text) => has(text, TAG) || has(text, ENTITY),
    undo: (text) =>
      text.replaceAll(BREAKING_TAG, '\n').replaceAll(TAG, '').replaceAll(ENTITY, characterOf),
  },
  { name: 'BBCode', isIn: (text) => has(text, CODE), undo: (text) => text.replaceAll(CODE, '') },
  {
    name: 'colours of a terminal',
    isIn: (text) => has(text, ESCAPE) || has(text, LOST_ESCAPE),
    undo: (text) => text.replaceAll(ESCAPE, '').replaceAll(LOST_ESCAPE, ''),
  },
  {
    name: 'lost line ends',
    isIn: (text) => /\[ {0,11}\d{1,6}\.\d{6}\] [^\n]{8,256}\[ {0,11}\d{1,6}\.\d{6}\] /.test(text),
    undo: (text) => text.replaceAll(LOST_END, '\n'),
  },
  {
    name: 'lines run together',
    isIn: (text) =>
      /(?:BIOS-e820: |efi: mem\d)[^\n]{20,400}(?:BIOS-e820: \[mem|efi: mem\d)/i.test(text),
    undo: (text) => text.replaceAll(RUN_TOGETHER, '\n'),
  },
  {
    name: 'words broken by the end of a line',
    isIn: (text) => has(text, BROKEN_WORD),
    undo: (text) => text.replaceAll(BROKEN_WORD, (word) => word.replace(/\n[> ]*(?=\S| )/, '')),
  },
];

/** The log as the kernel printed it, as far as that can be told. */
export function plainLog(given: string): PlainText {
  // What no kernel prints but editors, browsers and consoles do.
  let text = given
    .replaceAll(/\r+\n?|[\u2028\u2029\u0085]/g, '\n')
    .replaceAll(/[\u00a0\u2007\u202f]/g, ' ')
    .replaceAll(/[\u200b-\u200f\u2060\ufeff\u00ad\0]/g, '');
  const forms: string[] = [];
  for (const { name, isIn, undo } of FORMS) {
    if (!isIn(text)) continue;
    text = undo(text);
    forms.push(name);
  }
  return { text, forms };
}

/** `test()` of a pattern with the flag g begins where the last one ended. */
function has(text: string, pattern: RegExp): boolean {
  return text.search(pattern) !== -1;
}

/** Whether it is what `dmesg --json` or `journalctl -o json` prints, and no layout. */
export function isJsonLog(text: string): boolean {
  const start = text.slice(0, 65_536).trimStart();
  return /^[[{]/.test(start) && /"(?:msg|MESSAGE)"\s{0,8}:/.test(start);
}

function messagesOf(text: string): string {
  return Array.from(text.matchAll(JSON_MESSAGE), ([, quoted, bytes]) =>
    quoted === undefined
      ? Buffer.from((bytes ?? '').split(',').map(Number)).toString('utf8')
      : unquoted(quoted),
  ).join('\n');
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

function characterOf(...[all, decimal, hexadecimal, name]: readonly string[]): string {
  if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? all ?? '';
  return String.fromCodePoint(Number.parseInt(decimal ?? hexadecimal ?? '', decimal ? 10 : 16));
}
