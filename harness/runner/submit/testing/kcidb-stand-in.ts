// SPDX-License-Identifier: MIT
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in for a token that KernelCI gives. */
export const TOKEN = 'eyJhbGciOi.SECRET-token_1';

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a server answers: with a status, or as the function does. */
export type Reply = number | ((response: ServerResponse) => void);

/** An HTTP server on this host, for tests. */
export interface KcidbStandIn extends AsyncDisposable {
  readonly requests: readonly Request[];
  /** What KCIDB_REST is to be. */
  readonly address: string;
  /** Resolves when a request has come. */
  readonly asked: Promise<void>;
}

/** Starts a server that answers request after request with these; the last of them answers all others. */
export async function startKcidb(...replies: readonly Reply[]): Promise<KcidbStandIn> {
  const requests: Request[] = [];
  let onAsked = (): void => {};
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve;
  });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on('end', () => {
      const reply = replies[Math.min(requests.length, replies.length - 1)] ?? 200;
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      onAsked();
      if (typeof reply === 'function') reply(response);
      else response.writeHead(reply).end(`{"status":"${reply}"}`);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    address: `http://${TOKEN}@127.0.0.1:${port}/`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** A reply that never comes. */
export const HANG: Reply = () => {};
