// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { html, htmlLines, ownElement, reference } from './markup.ts';

it.each([
  ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
  ['</script><script>', '&lt;/script&gt;&lt;script&gt;'],
  ['" autofocus onfocus="x', '&quot; autofocus onfocus=&quot;x'],
  ['&lt;b&gt;', '&amp;lt;b&amp;gt;'],
  ['\u001b[31mred\u0000\u202e', 'red'],
])('takes %j for text, in content and in an attribute', (text, escaped) => {
  expect(html`<p title="${text}">${text}</p>`.toString()).toBe(
    `<p title="${escaped}">${escaped}</p>`,
  );
});

it('puts HTML, lists and nothing where they belong', () => {
  const rows = ['a', '<'].map((text) => html`<li>${text}</li>`);
  expect(
    html`<ul>
      ${rows}${null}${[1, [html`<li></li>`]]}
    </ul>`.toString(),
  ).toBe('<ul>\n<li>a</li><li>&lt;</li>1<li></li>\n</ul>');
});

it('takes for HTML nothing that only looks like it', () => {
  const made = { toString: () => '<b>' } as unknown as string;
  expect(() => html`${made}`).toThrow(TypeError);
});

it('refuses a value without quotes', () => {
  // oxfmt would quote it.
  const template = Object.assign(['<p title=', '></p>'], { raw: [] });
  expect(() => html(template, 'x onclick=y')).toThrow(
    'Cannot make HTML: expected quotes around each value of <p title=…></p>',
  );
});

it('keeps the lines of a log, and the blanks before them', () => {
  const lines = ['a\u001b[2J', '', '   <b>', '\tx\r', '\u2028'];
  expect(htmlLines(lines).toString()).toBe('a\n\n   &lt;b&gt;\nx\n');
});

it('links to pages, and to nothing else', () => {
  expect(html`${reference('https://x.org/"<')}`.toString()).toContain(
    'href="https://x.org/&quot;&lt;"',
  );
  for (const other of ['javascript:alert(1)', 'data:text/html,x', '//x.org', ' \u0000javascript:x'])
    expect(html`${reference(other)}`.toString()).not.toContain('<a');
});

it('has no script that ends itself', () => {
  expect(ownElement('script', 'let a;').toString()).toBe('<script>let a;</script>');
  expect(() => ownElement('script', "'</script>'")).toThrow('A script of ours ends itself');
  expect(() => ownElement('style', '<!--')).toThrow('A style of ours ends itself');
});
