// SPDX-License-Identifier: MIT
import { type Socket, createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError, QmpError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { listenOnce } from './host-socket.ts';
import { LINE_LIMIT } from './line-splitter.ts';
import { QmpClient } from './qmp-client.ts';
import type { QmpEvent } from './qmp-message.ts';

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

/** What a fake QEMU does with the command number `id`. */
type Answer = (qemu: Socket, id: number, command: string) => void;

const agree: Answer = (qemu, id) => {
  qemu.write(`{"return": {}, "id": ${id}}\r\n`);
};

interface Conversation extends AsyncDisposable {
  readonly client: QmpClient;
  readonly events: QmpEvent[];
  readonly heard: string[];
}

/** A client that has agreed with a QEMU on QMP, and then gets `answer` to every command. */
async function converse(
  answer: Answer,
  signal = new AbortController().signal,
): Promise<Conversation> {
  await using starting = new CleanupStack();
  const path = join(starting.use(await makeTempDir()).path, 'qmp.sock');
  const host = starting.use(await listenOnce(path));
  const qemu = createConnection(path);
  starting.defer(() => qemu.destroy());
  qemu.on('error', () => {});
  qemu.write(GREETING);
  let rest = '';
  qemu.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { execute, id } = JSON.parse(line) as { execute: string; id: number };
      (execute === 'qmp_capabilities' ? agree : answer)(qemu, id, execute);
    }
  });
  const heard: string[] = [];
  const onQmp = (line: string): void => void heard.push(line);
  const client = await QmpClient.connect(await host.connected, { signal, onQmp });
  const events: QmpEvent[] = [];
  client.onEvent((event) => events.push(event));
  const cleanups = starting.move();
  return { client, events, heard, [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose]() };
}

it('greets, negotiates capabilities and passes on every line', async () => {
  await using talk = await converse(agree);
  await talk.client.execute('stop', {});
  expect(talk.heard).toEqual([
    '{"execute":"qmp_capabilities","arguments":{},"id":1}',
    '{"QMP": {"version": {}, "capabilities": []}}',
    '{"return": {}, "id": 1}',
    '{"execute":"stop","arguments":{},"id":2}',
    '{"return": {}, "id": 2}',
  ]);
});

it('reads an answer that comes in pieces, with events before and after it', async () => {
  await using talk = await converse((qemu, id) => {
    qemu.write('{"event": "STOP"}\r\n{"ret');
    qemu.write(
      `urn": {"status": "paused"}, "id": ${id}}\r\n{"event": "RESUME", "data": {"a": 1}}\r\n`,
    );
  });
  expect(await talk.client.execute('query-status', {})).toEqual({ status: 'paused' });
  expect(talk.events).toEqual([
    { name: 'STOP', data: {} },
    { name: 'RESUME', data: { a: 1 } },
  ]);
});

it('matches answers with commands, in whatever order they arrive', async () => {
  const ids: number[] = [];
  await using talk = await converse((qemu, id) => {
    ids.unshift(id);
    if (ids.length < 2) return;
    for (const late of ids) qemu.write(`{"return": "answer ${late}", "id": ${late}}\n`);
  });
  const ask = (): Promise<string> =>
    talk.client.execute('human-monitor-command', { 'command-line': 'info' });
  expect(await Promise.all([ask(), ask()])).toEqual(['answer 2', 'answer 3']);
});

it('works on after a command that QEMU refuses', async () => {
  await using talk = await converse((qemu, id, command) => {
    if (command === 'cont') agree(qemu, id, command);
    else qemu.write(`{"id": ${id}, "error": {"class": "GenericError", "desc": "Disk full"}}\n`);
  });
  const saved = talk.client.execute('pmemsave', { val: 0, size: 1, filename: '/x' });
  await expect(saved).rejects.toThrow(new QmpError('Cannot execute QMP "pmemsave": Disk full'));
  expect(await talk.client.execute('cont', {})).toEqual({});
});

it('ends the wait for an answer when the signal fires', async () => {
  const abort = new AbortController();
  await using talk = await converse(() => {
    abort.abort();
  }, abort.signal);
  await expect(talk.client.execute('stop', {})).rejects.toThrow(
    new InterruptedError(`Interrupted while waiting for QEMU's answer to QMP "stop"`),
  );
});

describe('a connection that breaks', () => {
  it.each<{ title: string; answer: Answer; why: string }>([
    {
      title: 'QEMU dies',
      answer: (qemu) => void qemu.end(),
      why: 'QEMU closed the connection',
    },
    {
      title: 'QEMU dies in the middle of its answer',
      answer: (qemu) => void qemu.end('{"return":'),
      why: 'QEMU closed the connection',
    },
    {
      title: 'garbage comes',
      answer: (qemu) => void qemu.write('\u0000\u0001\n'),
      why: 'Cannot read QMP: expected a greeting, event or answer, found "\\u0000\\u0001"',
    },
    {
      title: 'a line does not end',
      answer: (qemu) => void qemu.write('x'.repeat(LINE_LIMIT + 1)),
      why: 'Cannot read QMP: expected lines of at most 4194304 characters, found a longer one',
    },
    {
      title: 'an answer comes to a command that nobody sent',
      answer: (qemu) => void qemu.write('{"return": {}, "id": 7}\n'),
      why: 'Cannot read QMP: an answer to id 7, which was never sent',
    },
  ])('fails the waiting command and all later ones when $title', async ({ answer, why }) => {
    await using talk = await converse(answer);
    const error = new QmpError(`Cannot execute QMP "stop": ${why}`);
    await expect(talk.client.execute('stop', {})).rejects.toThrow(error);
    await expect(talk.client.execute('stop', {})).rejects.toThrow(error);
    await talk.client.closed;
  });

  it('refuses an answer of the wrong shape', async () => {
    await using talk = await converse((qemu, id) => {
      qemu.write(`{"return": {"status": 1}, "id": ${id}}\n`);
    });
    await expect(talk.client.execute('query-status', {})).rejects.toThrow(
      /^Cannot read QEMU's answer to QMP "query-status": /,
    );
  });
});
