// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TRIGGER_IDS, triggerOf } from './triggers.ts';

const CONFIG = new URL('../../images/config/sub1m.config', import.meta.url);

describe('a trigger', () => {
  it.each(TRIGGER_IDS)('has in the kernels that sub1m builds what it needs: %s', (trigger) => {
    const built = readFileSync(CONFIG, 'utf8').split('\n');
    const needed = (triggerOf({ trigger })?.needs ?? []).map((option) => `${option}=y`);
    expect(built).toEqual(expect.arrayContaining(needed));
  });
});
