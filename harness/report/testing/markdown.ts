// SPDX-License-Identifier: MIT
/** Reads Markdown for tests, with a parser that is not ours. */
import { type Token, type Tokens, lexer, walkTokens } from 'marked';

/** What a document is made of, as a reader sees it. */
interface ReadMarkdown {
  readonly headings: readonly string[];
  readonly links: readonly string[];
  /** Columns of each row of each table, its head first. */
  readonly tables: readonly (readonly number[])[];
  /** What stands in code, in spans and in fences. */
  readonly codes: readonly string[];
  /** What is no code: there an address or a name could become something else. */
  readonly words: string;
  readonly kinds: ReadonlySet<string>;
}

/** Reads a document of GitHub's kind of Markdown. */
export function readMarkdown(text: string): ReadMarkdown {
  const tokens: Token[] = [];
  void walkTokens(lexer(text, { gfm: true }), (token) => {
    tokens.push(token);
  });
  const of = <T extends Tokens.Generic | Token>(type: string): T[] =>
    tokens.filter((token) => token.type === type) as T[];
  return {
    headings: of<Tokens.Heading>('heading').map((heading) => heading.text),
    links: of<Tokens.Link>('link').map(({ href }) => href),
    tables: of<Tokens.Table>('table').map(({ header, rows }) =>
      [header, ...rows].map((row) => row.filter(({ tokens: cells }) => cells.length > 0).length),
    ),
    codes: [...of<Tokens.Codespan>('codespan'), ...of<Tokens.Code>('code')].map((one) => one.text),
    words: of<Tokens.Text>('text')
      .filter((token) => !('tokens' in token))
      .map((token) => token.text)
      .join('\n'),
    kinds: new Set(tokens.map(({ type }) => type)),
  };
}
