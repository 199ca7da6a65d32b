// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { GuestConsole } from './guest-console.ts';

function consoleOf(text: string): GuestConsole {
  const guestConsole = new GuestConsole();
  for (const byte of new TextEncoder().encode(text)) guestConsole.feed(new Uint8Array([byte]));
  return guestConsole;
}

describe('GuestConsole', () => {
  it('hears the first line of the kernel, however it is cut', async () => {
    await expect(
      consoleOf('EFI stub: x\n[    0.000000] Linux version 6').kernelSpeaks,
    ).resolves.toBe(undefined);
  });

  it('does not take firmware for the kernel', async () => {
    const { kernelSpeaks } = consoleOf('BdsDxe: loading Boot0001 "Linux"\n');
    const other = Symbol('the kernel has not spoken');
    expect(await Promise.race([kernelSpeaks, Promise.resolve(other)])).toBe(other);
  });

  it('keeps the last lines, printable and without empty ones', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\r\n\r\n`).join('');
    const { lastLines } = consoleOf(`${lines}\u001b[31mred\u0007\n`);
    expect(lastLines).toHaveLength(12);
    expect(lastLines.at(-2)).toBe('line 99');
    expect(lastLines.at(-1)).toBe('red');
  });
});
