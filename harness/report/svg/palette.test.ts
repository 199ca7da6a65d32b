// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { pageStyles, styleSheet } from './palette.ts';

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

it('gives each letter a contrast of 4.5 to its ground, as WCAG AA asks for', () => {
  const rules = [...pageStyles().matchAll(/\.s-([\w-]+)\{background:(#\w{6});color:(#\w{6})\}/g)];
  expect(rules).toHaveLength(32);
  const poor = rules.filter(([, , ground = '', letter = '']) => contrast(ground, letter) < 4.5);
  expect(poor.map(([rule]) => rule)).toEqual([]);
  expect(contrast('#ffffff', '#000000')).toBeCloseTo(21);
});

it('gives HTML and images the same colours', () => {
  const sheet = styleSheet();
  for (const [, name, ground, letter] of pageStyles().matchAll(
    /\.s-([\w-]+)\{background:(#\w{6});color:(#\w{6})\}/g,
  ))
    expect(sheet).toContain(`.${name}{fill:${ground}}.on-${name}{fill:${letter}}`);
});
