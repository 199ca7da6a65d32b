// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GdbFrame, GdbPacketReader, PACKET_LIMIT, encodePacket } from './gdb-packet.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const framesOf = (text: string): GdbFrame[] => new GdbPacketReader().feed(bytes(text));
const packet = (payload: string): GdbFrame => ({ kind: 'packet', payload });

/** Any string with a character for each byte. */
const payloads = fc
  .uint8Array({ maxLength: 200 })
  .map((array) => Buffer.from(array).toString('latin1'));

describe('encodePacket', () => {
  it.each([
    ['', '$#00'],
    ['?', '$?#3f'],
    ['Z1,ffffffff81000000,1', '$Z1,ffffffff81000000,1#cd'],
    ['a}b#c$d*', '$a}]b}\u0003c}\u0004d}\n#ec'],
  ])('frames %j', (payload, framed) => {
    expect(encodePacket(payload)).toBe(framed);
  });

  it('is read back by the reader, in whatever chunks it arrives', () => {
    fc.assert(
      fc.property(fc.array(payloads), fc.integer({ min: 1, max: 7 }), (sent, size) => {
        const wire = bytes(sent.map((payload) => encodePacket(payload)).join('+'));
        const reader = new GdbPacketReader();
        const frames: GdbFrame[] = [];
        for (let at = 0; at < wire.length; at += size) {
          frames.push(...reader.feed(wire.subarray(at, at + size)));
        }
        expect(frames.filter(({ kind }) => kind !== 'ack')).toEqual(sent.map(packet));
      }),
    );
  });
});

describe('GdbPacketReader', () => {
  it.each<{ title: string; sent: string; frames: GdbFrame[] }>([
    { title: 'an ack and a packet', sent: '+$OK#9a', frames: [{ kind: 'ack' }, packet('OK')] },
    { title: 'an empty packet', sent: '$#00', frames: [packet('')] },
    { title: 'a run', sent: '$0* #7a', frames: [packet('0000')] },
    { title: 'a run of an escaped byte', sent: '$}\u0003* #ca', frames: [packet('####')] },
    { title: 'a checksum in capitals', sent: '$OK#9A', frames: [packet('OK')] },
    { title: 'a notification', sent: '%Stop:T05#99$OK#9a', frames: [packet('OK')] },
    { title: 'a packet cut short', sent: '$OK#9', frames: [] },
  ])('reads $title', ({ sent, frames }) => {
    expect(framesOf(sent)).toEqual(frames);
  });

  it.each([
    { title: 'noise', sent: 'x', why: 'expected a packet, found "x"' },
    { title: 'a refusal', sent: '-', why: 'the stub asks for a retransmission' },
    { title: 'a wrong checksum', sent: '$OK#9b', why: 'expected checksum 9a, found "9b"' },
    { title: 'a checksum that is none', sent: '$OK##$', why: 'expected checksum 9a, found "#$"' },
    { title: 'a packet in a packet', sent: '$O$', why: 'a packet begins within a packet' },
    {
      title: 'a run of nothing',
      sent: '$* ',
      why: 'a run without a byte to repeat, or without a count',
    },
    {
      title: 'a run with a count that cannot be printed',
      sent: '$0*\u001f',
      why: 'a run without a byte to repeat, or without a count',
    },
    {
      title: 'a packet that does not end',
      sent: `$${'x'.repeat(PACKET_LIMIT + 1)}`,
      why: 'a packet of more than 16384 bytes',
    },
    {
      title: 'a packet that grows when it is unpacked',
      sent: `$0${'*~'.repeat(200)}`,
      why: 'a packet of more than 16384 bytes',
    },
  ])('ends with $title', ({ sent, why }) => {
    const reader = new GdbPacketReader();
    expect(reader.feed(bytes(`$OK#9a${sent}$OK#9a`))).toEqual([
      packet('OK'),
      { kind: 'error', why },
    ]);
    expect(reader.feed(bytes('$OK#9a'))).toEqual([]);
  });

  it('takes any bytes, and has at most one error, which is the last frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const frames = new GdbPacketReader().feed(Buffer.concat([bytes('$'), noise]));
        expect(frames.slice(0, -1).some(({ kind }) => kind === 'error')).toBe(false);
      }),
    );
  });
});
