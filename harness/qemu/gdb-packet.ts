// SPDX-License-Identifier: MIT
/** The longest packet that is accepted, in bytes: QEMU's `MAX_PACKET_LENGTH` is 4096. */
export const PACKET_LIMIT = 16 * 1024;

/** A piece of what a gdbstub sends; nothing follows an `error`. */
export type GdbFrame =
  | { readonly kind: 'ack' }
  /** `payload` has a character for each byte. */
  | { readonly kind: 'packet'; readonly payload: string }
  | { readonly kind: 'error'; readonly why: string };

/** What an escaped byte is XORed with. */
const ESCAPE = 0x20;

/** Added to the count of a run, so that it is printable. */
const RUN_BIAS = 29;

/** `$payload#checksum` (GDB manual, "Remote Protocol: Overview"); each character of `payload` is a byte. */
export function encodePacket(payload: string): string {
  const body = payload.replaceAll(
    /[#$}*]/g,
    (byte) => `}${String.fromCodePoint(byte.charCodeAt(0) ^ ESCAPE)}`,
  );
  let sum = 0;
  for (const byte of Buffer.from(body, 'latin1')) sum += byte;
  return `$${body}#${(sum & 0xff).toString(16).padStart(2, '0')}`;
}

/** Where the reader is; it never leaves `broken`. */
type Place = 'between' | 'body' | 'escape' | 'run' | 'checksum' | 'broken';

/**
 * Splits what a gdbstub sends into frames, without notifications (`%…`). The transport loses nothing,
 * so a wrong checksum, a `-` or a byte outside of a packet is an error, not noise.
 */
export class GdbPacketReader {
  #place: Place = 'between';
  #isNotification = false;
  #payload = '';
  #sum = 0;
  #checksum = '';

  /** The frames that end in `chunk`. After an error there are no more. */
  feed(chunk: Uint8Array): GdbFrame[] {
    const frames: GdbFrame[] = [];
    for (const byte of chunk) {
      if (this.#place === 'broken') break;
      const frame = this.#take(byte);
      if (frame) frames.push(frame);
    }
    return frames;
  }

  #take(byte: number): GdbFrame | undefined {
    const char = String.fromCodePoint(byte);
    switch (this.#place) {
      case 'between':
        return this.#begin(char);
      case 'body':
        if (char !== '#') this.#sum += byte;
        return this.#continue(char);
      case 'escape':
        this.#sum += byte;
        return this.#add(String.fromCodePoint(byte ^ ESCAPE));
      case 'run':
        this.#sum += byte;
        return this.#repeat(byte - RUN_BIAS);
      case 'checksum':
        return this.#end(char);
      case 'broken':
        return undefined;
    }
  }

  #begin(char: string): GdbFrame | undefined {
    if (char === '+') return { kind: 'ack' };
    if (char === '-') return this.#fail('the stub asks for a retransmission');
    if (char !== '$' && char !== '%') return this.#fail(`expected a packet, found ${shown(char)}`);
    this.#isNotification = char === '%';
    this.#payload = '';
    this.#sum = 0;
    this.#checksum = '';
    this.#place = 'body';
    return undefined;
  }

  #continue(char: string): GdbFrame | undefined {
    switch (char) {
      case '#':
        this.#place = 'checksum';
        return undefined;
      case '}':
        this.#place = 'escape';
        return undefined;
      case '*':
        this.#place = 'run';
        return undefined;
      case '$':
        return this.#fail('a packet begins within a packet');
      default:
        return this.#add(char);
    }
  }

  #add(text: string): GdbFrame | undefined {
    if (this.#payload.length + text.length > PACKET_LIMIT) {
      return this.#fail(`a packet of more than ${PACKET_LIMIT} bytes`);
    }
    this.#payload += text;
    this.#place = 'body';
    return undefined;
  }

  #repeat(count: number): GdbFrame | undefined {
    const last = this.#payload.at(-1);
    // The count is a printable character, hence the bounds.
    if (last === undefined || count < 0x20 - RUN_BIAS || count > 0x7e - RUN_BIAS) {
      return this.#fail('a run without a byte to repeat, or without a count');
    }
    return this.#add(last.repeat(count));
  }

  #end(char: string): GdbFrame | undefined {
    this.#checksum += char;
    if (this.#checksum.length < 2) return undefined;
    const sum = (this.#sum & 0xff).toString(16).padStart(2, '0');
    if (this.#checksum.toLowerCase() !== sum) {
      return this.#fail(`expected checksum ${sum}, found ${shown(this.#checksum)}`);
    }
    this.#place = 'between';
    return this.#isNotification ? undefined : { kind: 'packet', payload: this.#payload };
  }

  #fail(why: string): GdbFrame {
    this.#place = 'broken';
    return { kind: 'error', why };
  }
}

function shown(text: string): string {
  return JSON.stringify(text);
}
