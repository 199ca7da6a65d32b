// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { QmpError } from '../errors.ts';

/** Something that happened in QEMU: a name and fields of its `qapi/*.json`. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What QEMU sends (docs/interop/qmp-spec). */
export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly desc: string };

/** How much of a wrong line a message shows, in characters. */
const SHOWN = 80;

const messageSchema = z.union([
  z.object({ QMP: z.object({}) }).transform((): QmpMessage => ({ kind: 'greeting' })),
  z
    .object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) })
    .transform(({ event, data }): QmpMessage => ({ kind: 'event', event: { name: event, data } })),
  z
    .object({ return: z.unknown(), id: z.number() })
    .transform((m): QmpMessage => ({ kind: 'return', id: m.id, value: m.return })),
  z
    .object({ error: z.object({ desc: z.string() }), id: z.number() })
    .transform(({ error, id }): QmpMessage => ({ kind: 'error', id, desc: error.desc })),
]);

/** Parses one line. Throws `QmpError` if it is not a QMP message. */
export function parseQmpMessage(line: string): QmpMessage {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch (cause) {
    const found = JSON.stringify(line.slice(0, SHOWN));
    throw new QmpError(`Cannot read QMP: expected a greeting, event or answer, found ${found}`, {
      cause,
    });
  }
}
