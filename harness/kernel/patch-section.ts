// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { quoteName, readQuotedName, requirePathInTree, shownPath } from './patch-path.ts';

/** What a patch does to one file. Paths are from the top of the tree. */
export interface PatchedFile {
  /** Null if the patch makes it. */
  readonly from: string | null;
  /** Null if the patch removes it; another than `from` if it is renamed or copied. */
  readonly to: string | null;
  readonly isCopy: boolean;
  /** Patch(1) cannot apply it. */
  readonly isBinary: boolean;
}

/** A header of git. The first group of `line` is a mode or a name. */
interface GitHeader {
  readonly line: RegExp;
  readonly take: (section: Section, value: string) => void;
}

const GIT_HEADERS: readonly GitHeader[] = [
  { line: /^(?:old|new) mode (\d+)$/, take: (section, mode) => section.requireFile(mode) },
  { line: /^new file mode (\d+)$/, take: (section, mode) => section.setEnds('isNew', mode) },
  {
    line: /^deleted file mode (\d+)$/,
    take: (section, mode) => section.setEnds('isRemoved', mode),
  },
  {
    line: /^index [0-9a-f]+\.\.[0-9a-f]+(?: (\d+))?$/,
    take: (section, mode) => mode === '' || section.requireFile(mode),
  },
  { line: /^(?:dis)?similarity index \d{1,3}%$/, take: () => {} },
  { line: /^rename from (.+)$/, take: (section, name) => section.setMoved('from', name) },
  { line: /^rename to (.+)$/, take: (section, name) => section.setMoved('to', name) },
  { line: /^copy from (.+)$/, take: (section, name) => section.setMoved('from', name) },
  { line: /^copy to (.+)$/, take: (section, name) => section.setCopied(name) },
];

const BINARY = /^(?:GIT binary patch|Binary files .* differ)$/;

/** How the type in a mode of git is called where it is no file. */
const OTHER_MODES: Readonly<Record<string, string>> = {
  120: 'a symbolic link',
  160: 'a submodule',
};

/** What git puts before a name: `a/` and `b/`, or by `diff.mnemonicPrefix` (git-config(1)) the first letter of its side. */
const GIT_PREFIX = /^[abciow]\//;

/** What diff(1) finds before a name, such as `linux-6.12.orig/`: `patch -p1` takes it away. */
const DIFF_PREFIX = /^(?!\.{1,2}\/)[^/]+\//;

/** A file with this time never was: what diff(1) writes instead of /dev/null. */
const EPOCH = /^(?:1969-12-31|1970-01-01) /;

/** A name of a `---` or `+++` line; null is /dev/null. */
type Side = string | null;

/** The headers of one file in a patch, as they are read. Everything throws `FormatError`. */
export class Section {
  readonly #patch: string;
  readonly #names: string;
  #sides: { readonly old: Side; readonly new: Side } | undefined;
  readonly #moved: { from?: string; to?: string } = {};
  readonly #is = { isNew: false, isRemoved: false, isCopy: false, isBinary: false };

  /** `names` is what follows `diff --git`; empty in a patch of diff(1). `patch` stands for the patch in messages. */
  constructor(names: string, patch: string) {
    this.#names = names;
    this.#patch = patch;
  }

  /** Whether `---` and `+++` have been read: what follows is no header. */
  get hasSides(): boolean {
    return this.#sides !== undefined;
  }

  /** Reads a line between `diff --git` and `---`; false if it is no header. */
  takeGitHeader(line: string): boolean {
    if (BINARY.test(line)) this.#is.isBinary = true;
    for (const { line: pattern, take } of GIT_HEADERS) {
      const match = pattern.exec(line);
      if (match === null) continue;
      take(this, match[1] ?? '');
      return true;
    }
    return false;
  }

  /** Reads what follows `---` and `+++`; gives both lines as patch(1) shall read them. */
  takeSides(old: string, now: string): readonly [string, string] {
    this.#sides = { old: this.#side(old), new: this.#side(now) };
    return [`--- ${renderSide('a/', this.#sides.old)}`, `+++ ${renderSide('b/', this.#sides.new)}`];
  }

  /** Refuses the mode of what is no file. */
  requireFile(mode: string): void {
    if (/^100[0-7]{3}$/.test(mode)) return;
    const what = OTHER_MODES[mode.slice(0, 3)] ?? `mode ${mode}`;
    throw this.#refused(`files, found ${what}`, this.#names);
  }

  setEnds(end: 'isNew' | 'isRemoved', mode: string): void {
    this.requireFile(mode);
    this.#is[end] = true;
  }

  setMoved(end: 'from' | 'to', text: string): void {
    this.#moved[end] = requirePathInTree(this.#unquoted(text), this.#patch);
  }

  setCopied(text: string): void {
    this.#is.isCopy = true;
    this.setMoved('to', text);
  }

  /** What the patch does to this file; undefined if it is none: a line of prose that looks like `diff --git`. */
  file(): PatchedFile | undefined {
    const { isNew, isRemoved, ...is } = this.#is;
    const { old, now } = this.#ends();
    if (old === undefined && now === undefined) {
      if (!isNew && !isRemoved && !is.isBinary) return undefined;
      throw this.#refused('one name for one file, found', this.#names);
    }
    return { from: isNew ? null : (old ?? null), to: isRemoved ? null : (now ?? null), ...is };
  }

  /** The names before and after, on which all headers agree; only a file that moves has two. */
  #ends(): { readonly old: string | undefined; readonly now: string | undefined } {
    const names = this.#movedNames() ?? this.#sameNames();
    const old = this.#agreed(this.#sides?.old, names?.from);
    const now = this.#agreed(this.#sides?.new, names?.to);
    const isMoved = this.#moved.from !== undefined;
    if (!isMoved && old !== undefined && now !== undefined) this.#agreed(old, now);
    return { old, now };
  }

  #movedNames(): { readonly from: string; readonly to: string } | undefined {
    const { from, to } = this.#moved;
    if (from === undefined && to === undefined) return undefined;
    if (from !== undefined && to !== undefined) return { from, to };
    throw this.#refused('both names of a file that moves, found one', from ?? to ?? '');
  }

  /** The name of both sides of `diff --git`; undefined if they differ. */
  #sameNames(): { readonly from: string; readonly to: string } | undefined {
    const [a = '', b = ''] = splitNames(this.#names) ?? [];
    if (!GIT_PREFIX.test(a) || !GIT_PREFIX.test(b) || a.slice(2) !== b.slice(2)) return undefined;
    const path = requirePathInTree(a.slice(2), this.#patch);
    return { from: path, to: path };
  }

  /** The name that both headers give; undefined for /dev/null. */
  #agreed(side: Side | undefined, other: string | undefined): string | undefined {
    if (side === undefined) return other;
    if (side === null) return undefined;
    if (other === undefined || side === other) return side;
    throw this.#refused('one name for one file, found two', `${side}, ${other}`);
  }

  #side(text: string): Side {
    const [field = '', time = ''] = text.split('\t');
    if (text.endsWith('\r')) {
      throw this.#refused('lines that end in LF, found CR LF; run dos2unix on it', field);
    }
    const name = this.#unquoted(field);
    if (name === '/dev/null') return null;
    const [isGit, prefix] = this.#names === '' ? [false, DIFF_PREFIX] : [true, GIT_PREFIX];
    const [found] = prefix.exec(name) ?? [];
    if (found === undefined) {
      const expected = isGit ? 'names that begin with a/ and b/' : 'names below a folder';
      throw this.#refused(`${expected}, found`, name);
    }
    const path = requirePathInTree(name.slice(found.length), this.#patch);
    return EPOCH.test(time) ? null : path;
  }

  #unquoted(text: string): string {
    if (!text.startsWith('"')) return text;
    const quoted = readQuotedName(text);
    if (quoted?.length === text.length) return quoted.name;
    throw this.#refused('names as git quotes them, found', text);
  }

  #refused(expected: string, found: string): FormatError {
    return new FormatError(`Cannot use ${this.#patch}: expected ${expected}: ${shownPath(found)}`);
  }
}

/** The line that begins a file of a patch in git's format. */
export function renderGitLine({ from, to }: PatchedFile): string {
  return `diff --git ${quoteName(`a/${from ?? to}`)} ${quoteName(`b/${to ?? from}`)}`;
}

function renderSide(prefix: string, side: Side): string {
  return side === null ? '/dev/null' : quoteName(`${prefix}${side}`);
}

/** The two names of `diff --git`: quoted, or of the same length. */
function splitNames(names: string): readonly [string, string] | undefined {
  const first = readQuotedName(names);
  if (first !== undefined) {
    const rest = names.slice(first.length + 1);
    return [first.name, readQuotedName(rest)?.name ?? rest];
  }
  const half = (names.length - 1) / 2;
  return names[half] === ' ' ? [names.slice(0, half), names.slice(half + 1)] : undefined;
}
