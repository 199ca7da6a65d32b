// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { GuestTap, type TestPoint } from './guest-tap.ts';

const HELLO = 'TAP version 14\nok 1 - hello\n  ---\n  role: "system"\n  ...\n1..1\n';

/** What a stream says, fed in pieces of `size` bytes. */
function points(stream: string, size = stream.length): TestPoint[] {
  const found: TestPoint[] = [];
  const tap = new GuestTap((point) => found.push(point));
  const bytes = new TextEncoder().encode(stream);
  for (let at = 0; at < bytes.length; at += size) tap.feed(bytes.subarray(at, at + size));
  return found;
}

const hello = { ok: true, name: 'hello', values: new Map([['role', 'system']]) };

describe('GuestTap', () => {
  it.each([1, 2, 7, 1000])('finds the same test points in pieces of %i bytes', (size) => {
    expect(points(HELLO, size)).toEqual([hello]);
  });

  it('skips what the firmware wrote before the agent', () => {
    expect(points(`\u001b[2J\u001b[01;01Hok 1 - BdsDxe\n\u001b[=3h${HELLO}`)).toEqual([hello]);
  });

  it('starts over when the capture kernel speaks, whatever the system kernel left unfinished', () => {
    const capture = HELLO.replace('system', 'capture');
    const unfinished = 'TAP version 14\nok 1 - trigger\n  ---\n  by: "sy';
    expect(points(`${HELLO}${unfinished}\n${capture}`)).toEqual([
      hello,
      { ...hello, values: new Map([['role', 'capture']]) },
    ]);
  });

  it('reports a refusal with its reason', () => {
    const refusal = 'TAP version 14\nnot ok 1 - load\n  ---\n  why: "no memory"\n  ...\n1..1\n';
    expect(points(HELLO + refusal).at(-1)).toEqual({
      ok: false,
      name: 'load',
      values: new Map([['why', 'no memory']]),
    });
  });

  it('takes only strings from a YAML block', () => {
    const odd = 'TAP version 14\nok 1 - x\n  ---\n  a: 1\n  b: [1, 2]\n  c: "yes"\n  ...\n1..1\n';
    expect(points(HELLO + odd).at(-1)?.values).toEqual(new Map([['c', 'yes']]));
  });

  it.each([
    ['a line without an end', 'x'.repeat(1_000_000)],
    ['broken YAML', 'TAP version 14\nok 1 - x\n  ---\n  a: [\n  b: {{\n  ...\n1..1\n'],
    ['more than was planned', 'ok 2 - x\nok 3 - x\n'],
    ['bytes that are no text', '\u0000\ufffd\u001b]0;title\u0007\n'],
    ['a bail out', 'Bail out! \u001b[31mnow\n'],
  ])('survives %s', (_what, noise) => {
    expect(points(`${HELLO}${noise}\n${HELLO}`).slice(-1)).toEqual([hello]);
  });
});

describe('what is longer than any answer', () => {
  const START = 'TAP version 14\nok 1 - load\n  ---\n';

  it('is noise, and the next document is read', () => {
    const long = `${START}${'  why: "no"\n'.repeat(40)}  ...\n1..1\n`;
    expect(points(`${long}${HELLO}`)).toEqual([hello]);
  });

  it('is cut: a value, and how many there are', () => {
    const block = `  why: |\n${`    ${'x'.repeat(900)}\n`.repeat(20)}`;
    const many = Array.from({ length: 20 }, (_, nr) => `  k${nr}: "v"\n`).join('');
    const [first] = points(`${START}${block}  ...\n1..1\n`);
    expect(first?.values.get('why')).toHaveLength(1024);
    expect(points(`${START}${many}  ...\n1..1\n`)[0]?.values.size).toBe(16);
  });

  it.each(['\r', '\u2028', '\u2029'])('ends no line for the parser: %j', (end) => {
    expect(points(`TAP version 14\nnoise${end}noise\n${HELLO.slice(15)}`)).toEqual([hello]);
  });
});
