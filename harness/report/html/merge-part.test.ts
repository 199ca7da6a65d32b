// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { mergeRuns } from '../../matrix/merge-runs.ts';
import { sourceRun, third } from '../../matrix/testing/source-run-builder.ts';
import { renderMerge } from './merge-part.ts';
import { tagsOf, wordsIn } from './testing/report-parts.ts';

it('names what is missing, and makes no markup of what it names', () => {
  const unread = [{ source: '<img src=x>', why: '"</script>' }];
  const { merge } = mergeRuns([sourceRun(third(1), ['a'])], { unread, notes: [], mixed: [] });
  const part = renderMerge(merge).toString();
  const { elements } = tagsOf(part);
  expect(elements).toEqual(new Set(['section', 'h2', 'h3', 'ul', 'li']));
  expect(wordsIn(part)).toContain('b: the run results/night-1 ended before it');
  expect(wordsIn(part)).toContain('<img src=x>: "</script>');
});
