// SPDX-License-Identifier: MIT
import { type Socket, createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError, QmpError } from '../errors.ts';
import { virtAddr } from '../memory/pfn.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { encodePacket } from './gdb-packet.ts';
import { GdbstubClient } from './gdbstub-client.ts';
import { listenOnce } from './host-socket.ts';

const { signal } = new AbortController();
const ENTRY = virtAddr(0xffff_ffff_8107_a660n);

/** What a fake stub says to a packet; undefined to stay silent. */
type Answers = (payload: string, stub: Socket) => string | undefined;

/** QEMU 7.2 knows no mode without acks. */
const likeQemu: Answers = (payload) => {
  if (payload === '?') return 'T05thread:01;';
  if (payload === 'QStartNoAckMode' || payload === 'c') return payload === 'c' ? undefined : '';
  return 'OK';
};

interface Conversation extends AsyncDisposable {
  readonly client: GdbstubClient;
  readonly stub: Socket;
  /** What the client has sent, packets without their checksum. */
  readonly heard: string[];
}

async function converse(answers: Answers = likeQemu): Promise<Conversation> {
  await using starting = new CleanupStack();
  const path = join(starting.use(await makeTempDir()).path, 'gdb.sock');
  const host = starting.use(await listenOnce(path));
  const stub = createConnection(path);
  starting.defer(() => stub.destroy());
  stub.on('error', () => {});
  const heard: string[] = [];
  stub.on('data', (chunk) => {
    for (const [word, payload] of chunk.toString('latin1').matchAll(/\$([^#]*)#..|[^$]/g)) {
      heard.push(payload ?? word);
      if (payload === undefined) continue;
      stub.write('+');
      const answer = answers(payload, stub);
      if (answer !== undefined) stub.write(encodePacket(answer), 'latin1');
    }
  });
  const client = await GdbstubClient.connect(await host.connected, signal);
  const cleanups = starting.move();
  return { client, stub, heard, [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose]() };
}

const say = (stub: Socket, payload: string): void => void stub.write(encodePacket(payload));

it('sets a breakpoint, runs until it is reached, removes it and detaches', async () => {
  await using talk = await converse((payload, stub) => {
    if (payload === 'c') say(stub, 'T05thread:02;');
    if (payload === 'g') return `${'00'.repeat(128)}60a60781ffffffff`;
    return likeQemu(payload, stub);
  });
  const { client } = talk;
  await client.setHardwareBreakpoint(ENTRY, signal);
  client.continue();
  expect(await client.nextStop(signal)).toEqual({ signal: 5, cpu: 1 });
  expect(await client.instructionPointer(signal)).toBe(ENTRY);
  await client.removeHardwareBreakpoint(ENTRY, signal);
  await client.detach(signal);
  expect(talk.heard.filter((word) => word !== '+')).toEqual([
    'QStartNoAckMode',
    '?',
    'Z1,ffffffff8107a660,1',
    'c',
    'g',
    'z1,ffffffff8107a660,1',
    'D',
  ]);
});

it('acks each packet once, or none if the stub needs no acks', async () => {
  await using acking = await converse();
  await acking.client.setHardwareBreakpoint(ENTRY, signal);
  await acking.client.setHardwareBreakpoint(ENTRY, signal);
  expect(acking.heard.filter((word) => word === '+')).toHaveLength(3);

  await using silent = await converse((payload) => (payload === '?' ? 'S05' : 'OK'));
  await silent.client.setHardwareBreakpoint(ENTRY, signal);
  await silent.client.detach(signal);
  expect(silent.heard.filter((word) => word === '+')).toHaveLength(1);
});

it('keeps a stop that comes before anyone waits for it', async () => {
  await using talk = await converse((payload, stub) => {
    if (payload.startsWith('Z')) say(stub, 'T02thread:01;');
    return likeQemu(payload, stub);
  });
  await talk.client.setHardwareBreakpoint(ENTRY, signal);
  expect(await talk.client.nextStop(signal)).toEqual({ signal: 2, cpu: 0 });
});

it('interrupts a machine that runs', async () => {
  await using talk = await converse();
  talk.client.continue();
  talk.stub.on('data', (chunk) => {
    if (chunk.includes(3)) say(talk.stub, 'T02thread:01;');
  });
  talk.client.interrupt();
  expect(await talk.client.nextStop(signal)).toEqual({ signal: 2, cpu: 0 });
});

it.each([
  { answer: 'E22', found: '"E22"' },
  { answer: '', found: '""' },
])('reports a breakpoint that is refused with $found', async ({ answer, found }) => {
  await using talk = await converse((payload, stub) =>
    payload.startsWith('Z') ? answer : likeQemu(payload, stub),
  );
  await expect(talk.client.setHardwareBreakpoint(ENTRY, signal)).rejects.toThrow(
    new QmpError(`Cannot execute gdbstub "Z1,ffffffff8107a660,1": expected OK, found ${found}`),
  );
});

it('refuses a peer that does not answer "?" like a stub', async () => {
  await expect(converse(() => 'OK')).rejects.toThrow(
    new QmpError('Cannot execute gdbstub "?": expected a stop reply, found "OK"'),
  );
});

it('refuses registers of another machine', async () => {
  await using talk = await converse();
  await expect(talk.client.instructionPointer(signal)).rejects.toThrow(
    new QmpError('Cannot execute gdbstub "g": expected registers, found "OK"'),
  );
});

it('ends either wait when its signal fires, and works on with other signals', async () => {
  await using talk = await converse();
  const abort = new AbortController();
  const stop = talk.client.nextStop(abort.signal);
  abort.abort();
  await expect(stop).rejects.toThrow(
    new InterruptedError('Interrupted while waiting for the machine to stop'),
  );
  await expect(talk.client.nextStop(abort.signal)).rejects.toThrow(InterruptedError);
  await expect(talk.client.detach(abort.signal)).rejects.toThrow(
    new InterruptedError(`Interrupted while waiting for QEMU's answer to gdbstub "D"`),
  );
});

describe('a connection that breaks', () => {
  it.each<{ title: string; happens: (talk: Conversation) => void; why: string }>([
    {
      title: 'QEMU dies',
      happens: ({ stub }) => void stub.end(),
      why: 'QEMU closed the connection',
    },
    {
      title: 'QEMU says that it exits, and does',
      happens: ({ stub }) => void stub.end(encodePacket('W00')),
      why: 'QEMU closed the connection',
    },
    {
      title: 'garbage comes',
      happens: ({ stub }) => void stub.write('garbage'),
      why: 'expected a packet, found "g"',
    },
    {
      title: 'an answer comes that nobody waits for',
      happens: ({ stub }) => {
        say(stub, 'OK');
      },
      why: 'an answer that nobody waits for, "OK"',
    },
    {
      title: 'it is closed here',
      happens: ({ client }) => {
        client.close();
      },
      why: 'the connection is closed',
    },
  ])('fails the wait for a stop, and all later waits, when $title', async ({ happens, why }) => {
    await using talk = await converse();
    const error = new QmpError(`Cannot see the machine stop: ${why}`);
    const stop = talk.client.nextStop(signal);
    happens(talk);
    await expect(stop).rejects.toThrow(error);
    await expect(talk.client.nextStop(signal)).rejects.toThrow(error);
    await expect(talk.client.detach(signal)).rejects.toThrow(
      new QmpError(`Cannot execute gdbstub "D": ${why}`),
    );
  });

  it('fails the wait for an answer', async () => {
    await using talk = await converse((payload, stub) =>
      payload === 'D' ? void stub.end('$O') : likeQemu(payload, stub),
    );
    await expect(talk.client.detach(signal)).rejects.toThrow(
      new QmpError('Cannot execute gdbstub "D": QEMU closed the connection'),
    );
  });
});
