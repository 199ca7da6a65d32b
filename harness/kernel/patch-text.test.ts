// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parsePatch, touchedFiles } from './patch-text.ts';

const HUNK = '@@ -1 +1 @@\n-a\n+b\n';

function changes(path: string, hunk = HUNK): string {
  return `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n${hunk}`;
}

const touched = (text: string): string[] => touchedFiles(parsePatch(text, 'x.patch'));

it('finds every file that a patch touches, once', () => {
  const adds = '--- /dev/null\n+++ b/mm/new/b.c\n@@ -0,0 +1 @@\n+new\n';
  const removes = '--- a/mm/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n';
  const renames = 'diff --git a/mm/x.c b/mm/y.c\nrename from mm/x.c\nrename to mm/y.c\n';
  const mode = 'diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n';
  const removesEmpty = 'diff --git a/mm/void b/mm/void\ndeleted file mode 100644\nindex 1..0\n';
  const all =
    changes('mm/a.c') + adds + removes + changes('mm/a.c') + renames + mode + removesEmpty;
  expect(touched(all)).toEqual([
    'mm/a.c',
    'mm/new/b.c',
    'mm/old.c',
    'mm/x.c',
    'mm/y.c',
    'run.sh',
    'mm/void',
  ]);
});

it.each([
  ['"a/gr\\303\\266\\303\\237e.c"', '"b/gr\\303\\266\\303\\237e.c"', 'größe.c'],
  ['a/with space', 'b/with space', 'with space'],
])('reads the names %s and %s as git writes them', (a, b, path) => {
  const text = `diff --git ${a} ${b}\nold mode 100644\nnew mode 100755\n`;
  expect(touched(text)).toEqual([path]);
});

it('refuses a name with a quote, which git writes with a backslash', () => {
  const text = 'diff --git "a/a \\"quote" "b/a \\"quote"\nold mode 100644\nnew mode 100755\n';
  expect(() => touched(text)).toThrow('a backslash or a quote');
});

it('knows a file that diff(1) says was never there by its time', () => {
  const never = '1970-01-01 01:00:00.000000000 +0100';
  const text = `--- a/new\t${never}\n+++ b/new\t2026-11-29 02:00:00 +0100\n@@ -0,0 +1 @@\n+b\n`;
  expect(parsePatch(text, 'x.patch')).toEqual({
    files: [{ from: null, to: 'new', isCopy: false, isBinary: false }],
    text: '--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+b\n',
  });
});

it.each([
  ['diff -r', '--- linux-6.12.orig/mm/a.c\n+++ linux-6.12/mm/a.c\n'],
  ['quilt', 'Index: linux-6.12/mm/a.c\n=====\n--- linux-6.12.orig/mm/a.c\n+++ linux-6.12/mm/a.c\n'],
  ['mnemonic prefixes', 'diff --git i/mm/a.c w/mm/a.c\n--- i/mm/a.c\n+++ w/mm/a.c\n'],
])('takes the prefixes of %s away, as patch -p1 does', (_, headers) => {
  const parsed = parsePatch(headers + HUNK, 'x.patch');
  expect(touchedFiles(parsed)).toEqual(['mm/a.c']);
  expect(parsed.text).toContain('--- a/mm/a.c\n+++ b/mm/a.c\n');
});

it('finds no file in words, in the middle of a hunk, and after the last one', () => {
  const inHunk = '@@ -1,2 +1,2 @@\n --- a/words\n-++ b/words\n+++ b/words\n';
  const words =
    'From me\nSubject: x\n\nrename from a\ndiff --git is a command\n--- a/x\nand\n+++ b/y\n';
  expect(touched(words)).toEqual([]);
  expect(touched(words + changes('mm/a.c', inHunk))).toEqual(['mm/a.c']);
  expect(touched(`${changes('mm/a.c')}-- \n2.39.5\nrename to ../x\n`)).toEqual(['mm/a.c']);
});

it('passes on headers and hunks at their lines, and nothing else', () => {
  const text = `Index: ../x\nPrereq: x\n${changes('a.c')}Index: ../y\n*** a/x\n--- b/x\n1d\n${changes('b.c')}`;
  const passed = parsePatch(text, 'x.patch').text.split('\n');
  const lines = text.split('\n');
  expect(passed).toHaveLength(lines.length);
  const dropped = lines.filter((line, nr) => passed[nr] !== line);
  expect(dropped).toEqual(['Index: ../x', 'Prereq: x', 'Index: ../y', '*** a/x', '--- b/x', '1d']);
});

describe('refuses', () => {
  const LONG = 'x'.repeat(300);

  it.each([
    ['..', 'mm/../../x', 'a part ".."'],
    ['.', './x', 'a part "."'],
    ['an absolute path', '/x', 'an absolute path'],
    ['an empty part', 'mm//x', 'an empty part'],
    ['a folder', 'mm/', 'an empty part'],
    ['.git', '.git/config', 'a part ".git"'],
    ['.git in another case', 'mm/.GiT/config', 'a part ".git"'],
    ['.git as Windows has it', 'git~1/config', 'a part ".git"'],
    ['an escape', 'mm/\u001b[31m', 'a control character'],
    ['NUL', 'mm/\0', 'a control character'],
    ['what we write with', 'mm/x.sub1m-unfinished', 'a part that ends in .sub1m-unfinished'],
    ['a long name', `mm/${LONG}`, 'a part of more than 238 bytes'],
    ['a long path', `${'x/'.repeat(1100)}x`, 'a path of more than 2048 bytes'],
  ])('%s, in whatever header it is', (_, path, found) => {
    const shapes = [
      changes(path),
      `--- a/${path}\n+++ b/${path}\n${HUNK}`,
      `--- a/${path}\n+++ /dev/null\n${HUNK}`,
      `--- /dev/null\n+++ b/${path}\n${HUNK}`,
      `diff --git a/${path} b/${path}\nold mode 100644\nnew mode 100755\n`,
      `diff --git a/x b/y\nrename from ${path}\nrename to y\n`,
      `diff --git a/x b/y\nrename from x\nrename to ${path}\n`,
      `diff --git a/x b/y\ncopy from ${path}\ncopy to y\n`,
      `diff --git a/x b/y\ncopy from x\ncopy to ${path}\n`,
    ];
    for (const shape of shapes) {
      expect(() => touched(shape)).toThrow(FormatError);
      expect(() => touched(shape)).toThrow(
        `Cannot use x.patch: expected the paths of files in the tree, found ${found}: "`,
      );
    }
  });

  it.each([
    ['another name below', changes('a').replace('+++ b/a', '+++ b/c'), 'found two: "c, a"'],
    ['another in both', changes('a').replaceAll(/([-+]{3} [ab]\/)a/g, '$1c'), 'found two: "c, a"'],
    [
      'no prefix of git',
      changes('a').replace('--- a/a', '--- linux/a'),
      'names that begin with a/ and b/, found: "linux/a"',
    ],
    ['no folder of diff(1)', `--- a.orig\n+++ a\n${HUNK}`, 'names below a folder, found: "a.orig"'],
    [
      'half a rename',
      'diff --git a/x b/y\nrename from x\n',
      'both names of a file that moves, found one: "x"',
    ],
    [
      'a name that is unclear',
      'diff --git a/x y b/x z\nnew file mode 100644\n',
      'found: "a/x y b/x z"',
    ],
    ['a broken quote', `--- "a/x\n+++ "b/x\n${HUNK}`, 'names as git quotes them, found: ""a/x"'],
    ['CR LF', changes('a').replaceAll('\n', '\r\n'), 'lines that end in LF, found CR LF'],
    [
      'a link',
      'diff --git a/x b/x\nindex 1..2 120000\n',
      'files, found a symbolic link: "a/x b/x"',
    ],
    [
      'a link that was a file',
      'diff --git a/x b/x\nold mode 100644\nnew mode 120000\n',
      'a symbolic link',
    ],
    [
      'bytes that are no UTF-8',
      'diff --git "a/\\377" "b/\\377"\nnew file mode 100644\n',
      'no UTF-8',
    ],
  ])('%s', (_, text, why) => {
    expect(() => touched(text)).toThrow(FormatError);
    expect(() => touched(text)).toThrow(why);
  });

  it('more files than a release of the kernel changes', () => {
    const many = Array.from({ length: 20_001 }, (_, nr) => changes(`${nr}.c`)).join('');
    expect(() => touched(many)).toThrow('expected at most 20000 files, found more');
  });

  it('no patch(1) memory for a hunk that claims a billion lines', () => {
    const { text } = parsePatch(changes('a', '@@ -1,999999999 +1,999999999 @@\n a\n'), 'x.patch');
    expect(text).not.toContain('999999999');
  });
});
