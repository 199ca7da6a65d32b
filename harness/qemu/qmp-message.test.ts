// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { QmpError } from '../errors.ts';
import { parseQmpMessage } from './qmp-message.ts';

it.each([
  {
    line: '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": []}}',
    message: { kind: 'greeting' },
  },
  { line: '{"return": {}, "id": 1}', message: { kind: 'return', id: 1, value: {} } },
  { line: '{"return": "a", "id": 2}', message: { kind: 'return', id: 2, value: 'a' } },
  {
    line: '{"id": 3, "error": {"class": "GenericError", "desc": "No"}}',
    message: { kind: 'error', id: 3, desc: 'No' },
  },
  {
    line: '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}',
    message: { kind: 'event', event: { name: 'STOP', data: {} } },
  },
  {
    line: '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}',
    message: {
      kind: 'event',
      event: { name: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } },
    },
  },
])('reads $line', ({ line, message }) => {
  expect(parseQmpMessage(line)).toEqual(message);
});

it.each([
  { title: 'a cut line', line: '{"return": {}, "id', found: '"{\\"return\\": {}, \\"id"' },
  { title: 'an empty line', line: '', found: '""' },
  { title: 'no object', line: '[]', found: '"[]"' },
  { title: 'a null', line: 'null', found: '"null"' },
  { title: 'a return to nobody', line: '{"return":{}}', found: '"{\\"return\\":{}}"' },
  {
    title: 'an id of text',
    line: '{"return":{},"id":"1"}',
    found: '"{\\"return\\":{},\\"id\\":\\"1\\"}"',
  },
  {
    title: 'an error without words',
    line: '{"error":{},"id":1}',
    found: '"{\\"error\\":{},\\"id\\":1}"',
  },
  { title: 'an event that is a number', line: '{"event":1}', found: '"{\\"event\\":1}"' },
  { title: 'much garbage', line: 'x'.repeat(1000), found: `"${'x'.repeat(80)}"` },
])('refuses $title', ({ line, found }) => {
  expect(() => parseQmpMessage(line)).toThrow(
    new QmpError(`Cannot read QMP: expected a greeting, event or answer, found ${found}`),
  );
});
