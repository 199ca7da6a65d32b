// SPDX-License-Identifier: MIT
import { EventEmitter, once } from 'node:events';
import { GuestLinkError } from '../errors.ts';
import { GuestTap, type TestPoint } from './guest-tap.ts';

/** The version of guest/PROTOCOL.md that this file speaks. */
const AGENT_VERSION = '1';

/** Which kernel an agent runs in. */
export type GuestRole = 'system' | 'capture';

/** What the agent says about itself when its kernel has reached user space. */
export interface Hello {
  readonly role: GuestRole;
  readonly release: string;
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
      this.#points.push(point);
      this.#arrivals.emit('point');
    });
    port.onBytes((bytes) => {
      tap.feed(bytes);
    });
  }

  /**
   * Waits for the agent of `role` to come up. Throws `GuestLinkError` if another one does, or if it speaks another
   * version. The caller bounds the wait: `signal` ends it.
   */
  async hello(role: GuestRole, signal: AbortSignal): Promise<Hello> {
    const point = await this.#answer('hello', signal);
    const { agent, role: found, release = '' } = Object.fromEntries(point.values);
    if (agent !== AGENT_VERSION || found !== role) {
      throw new GuestLinkError(
        `Cannot talk to the guest: expected agent ${AGENT_VERSION} of the ${role} kernel, ` +
          `found agent ${agent ?? '?'} of ${found === undefined ? 'no' : `the ${found}`} kernel`,
      );
    }
    return { role, release };
  }

  /** Sends a command and waits for its answer, which may be `not ok`. The caller bounds the wait. */
  async command(name: string, argument: string, signal: AbortSignal): Promise<TestPoint> {
    this.#port.write(`${name} ${argument}\n`);
    return this.#answer(name, signal);
  }

  async #answer(name: string, signal: AbortSignal): Promise<TestPoint> {
    const point = await this.#next(signal);
    if (point.name === name) return point;
    throw new GuestLinkError(
      `Cannot follow the guest: expected an answer to "${name}", found one to "${point.name}"`,
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
