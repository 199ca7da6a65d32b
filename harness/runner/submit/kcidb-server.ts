// SPDX-License-Identifier: MIT
/**
 * Reports are brought to the server of KCIDB from here, and wait in a folder until it has taken them.
 *
 * The one rule: the token is in no message and in no file. Start reading at `submit-documents.ts`.
 */
import { UsageError, messageOf } from '../../errors.ts';

/** A server that takes documents. */
export interface KcidbServer {
  /** For people: without the token. */
  readonly host: string;
  readonly url: string;
  readonly token: string;
}

/** What became of a document. */
export interface Answer {
  /**
   * `taken`; `refused`: the server will never take this document; `later`: it may take it another time; `denied`: it
   * takes nothing from us, whatever the document.
   */
  readonly kind: 'taken' | 'refused' | 'later' | 'denied';
  /** What the server said, or why it did not. */
  readonly why: string;
}

/** Characters of an answer that are read. */
const ANSWER_LIMIT = 2000;

/** Hosts to which a token may go in the clear. */
const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads KCIDB_REST, as kci-dev and kcidb-restd have it: `https://<token>@<host>/`, where `/submit` takes documents.
 * Throws `UsageError`, which does not say what it holds.
 */
export function parseServer(value: string | undefined): KcidbServer {
  if (value === undefined) throw wrong('it is not set');
  if (!URL.canParse(value)) throw wrong('it is no address');
  const url = new URL(value);
  const isOwn = url.protocol === 'http:' && OWN_HOSTS.includes(url.hostname);
  if (url.protocol !== 'https:' && !isOwn) throw wrong('it does not begin with https://');
  // Of what an address spells out, a token has at most + / and =.
  if (!/^(?:[\w.~+-]|%2[bf]|%3d)+$/i.test(url.username)) throw wrong('it has no token');
  const token = decodeURIComponent(url.username);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (!url.pathname.endsWith('/submit')) {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/submit`;
  }
  return { host: url.host, url: url.href, token };
}

function wrong(why: string): UsageError {
  return new UsageError(
    `Cannot use KCIDB_REST: ${why}; expected https://<token>@<host>/, which KernelCI gives you`,
  );
}

/** What a status says of a document, the first that fits; any other is `refused`. */
const STATUSES: readonly { readonly kind: Answer['kind']; readonly is: RegExp }[] = [
  { kind: 'taken', is: /^2/ },
  // Elsewhere, unknown or forbidden: every document would fare so.
  { kind: 'denied', is: /^(?:3..|401|403|404|405|407)$/ },
  { kind: 'later', is: /^(?:1..|408|425|429|5..)$/ },
];

/** Gives a document to the server. Throws nothing that the server or the network can cause; ends with `signal`. */
export async function postDocument(
  { url, token }: KcidbServer,
  document: Uint8Array<ArrayBuffer>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Answer> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: document,
      // The token is for this host alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
    });
    const { status } = response;
    const kind = STATUSES.find(({ is }) => is.test(String(status)))?.kind ?? 'refused';
    const said = await beginning(response);
    return { kind, why: withoutToken(`HTTP ${status} ${said}`.trim(), token) };
  } catch (error) {
    const why = late.aborted ? `no answer in ${timeoutMs / 1000} s` : networkWords(error);
    return { kind: 'later', why: withoutToken(why, token) };
  }
}

/** The first characters of an answer, however long it is. */
async function beginning({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    if (text.length > ANSWER_LIMIT) break;
  }
  return text.slice(0, ANSWER_LIMIT).replaceAll(/\s+/g, ' ').trim();
}

/** `fetch` says why in the cause. */
function networkWords(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  return cause === undefined ? messageOf(error) : messageOf(cause);
}

function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '***');
}
