// SPDX-License-Identifier: MIT
import { EventEmitter, once } from 'node:events';
import { GuestLinkError, SurpriseError } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import { GuestTap, type TestPoint } from './guest-tap.ts';

/** The version of guest/PROTOCOL.md that this file speaks. */
const AGENT_VERSION = '2';

/** Answers that are kept before somebody asks for them. */
const UNREAD_LIMIT = 16;

/** Which kernel an agent runs in. */
export type GuestRole = 'system' | 'capture';

/** What the agent says about itself when its kernel has reached user space. */
export interface Hello {
  readonly role: GuestRole;
  /** Printable. */
  readonly release: string;
  /** Whether its kernel has a `/proc/vmcore`. */
  readonly hasVmcore: boolean;
}

/** The part of the agent's serial port that this file needs. */
interface AgentPort {
  write(text: string): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
}

/** The agents of one machine, one after another: commands out, answers in. */
export class GuestAgent {
  readonly #port: AgentPort;
  readonly #points: TestPoint[] = [];
  readonly #arrivals = new EventEmitter();

  constructor(port: AgentPort) {
    this.#port = port;
    const tap = new GuestTap((point) => {
      // One that nobody waits for is a surprise already.
      if (this.#points.length < UNREAD_LIMIT) this.#points.push(point);
      this.#arrivals.emit('point');
    });
    port.onBytes((bytes) => {
      tap.feed(bytes);
    });
  }

  /**
   * Waits for the agent of `role` to come up. Throws `SurpriseError` if another one does, or if it speaks another
   * version. The caller bounds the wait: `signal` ends it.
   */
  async hello(role: GuestRole, signal: AbortSignal): Promise<Hello> {
    const point = await this.#answer('hello', signal);
    const { agent, role: found, release = '', vmcore } = Object.fromEntries(point.values);
    if (agent !== AGENT_VERSION) {
      throw new SurpriseError('other-agent', `expected ${AGENT_VERSION}, found ${shown(agent)}`);
    }
    if (found !== role) {
      throw new SurpriseError('other-kernel', `expected the ${role}'s, found ${shown(found)}`);
    }
    return { role, release: shortened(release), hasVmcore: vmcore === 'yes' };
  }

  /** Sends a command and waits for its answer, which may be `not ok`. The caller bounds the wait. */
  async command(name: string, argument: string, signal: AbortSignal): Promise<TestPoint> {
    this.#port.write(`${name} ${argument}\n`);
    return this.#answer(name, signal);
  }

  async #answer(name: string, signal: AbortSignal): Promise<TestPoint> {
    const point = await this.#next(signal);
    if (point.name === name) return point;
    const surprise = point.name === 'hello' ? 'second-hello' : 'other-answer';
    throw new SurpriseError(
      surprise,
      `expected an answer to ${name}, found one to ${shown(point.name)}`,
    );
  }

  async #next(signal: AbortSignal): Promise<TestPoint> {
    for (;;) {
      const point = this.#points.shift();
      if (point) return point;
      await once(this.#arrivals, 'point', { signal }).catch((cause: unknown) => {
        throw new GuestLinkError('The guest did not answer', { cause });
      });
    }
  }
}

/** Characters of a guest's word that a message shows; a release has at most 64 (`__NEW_UTS_LEN`). */
const SHOWN_CHARACTERS = 64;

function shown(word: string | undefined): string {
  return word === undefined ? 'nothing' : `"${shortened(word)}"`;
}

function shortened(word: string): string {
  return printableText(word.slice(0, SHOWN_CHARACTERS));
}
