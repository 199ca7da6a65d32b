// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { renderJunit } from './junit-report.ts';
import {
  brokenCell,
  hostileCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
} from './testing/run-builder.ts';

const MATCHING = judgedCell({ judgement: { invariants: [invariant({})] } });

const ATTRIBUTES = String.raw`(?:\s[a-z]+="(?:[^<&"]|&(?:amp|lt|gt|quot|#xA);)*")*`;
const TAG = new RegExp(`^<(?:([a-z-]+)${ATTRIBUTES}(/?)|/([a-z-]+))>[\\s]*`);

/** The names of a document's elements; throws unless it is well-formed and all in attributes. */
function elements(xml: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  let rest = xml.replace('<?xml version="1.0" encoding="UTF-8"?>', '').trimStart();
  while (rest !== '') {
    const [all, name, empty, closed] = TAG.exec(rest) ?? [];
    if (all === undefined) throw new Error(`No tag: ${rest.slice(0, 100)}`);
    if (name !== undefined) names.push(name);
    if (name !== undefined && empty === '') open.push(name);
    if (closed !== undefined && open.pop() !== closed) throw new Error(`Not open: ${closed}`);
    rest = rest.slice(all.length);
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join(', ')}`);
  return names;
}

describe('renderJunit', () => {
  it('writes a suite for each cell and a case for each invariant', () => {
    expect(renderJunit(runOf(MATCHING, brokenCell()))).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="sub1m run" tests="5" failures="1" errors="0" skipped="2">
        <testsuite name="debian-6.12.no-crashkernel" timestamp="2026-11-22T13:30:00.000Z" time="12.345" tests="1" failures="0" errors="0" skipped="0">
          <properties>
            <property name="bundle" value="results/run/debian-6.12.no-crashkernel"/>
          </properties>
          <testcase classname="debian-6.12.no-crashkernel" name="boot.userspace"/>
        </testsuite>
        <testsuite name="debian-5.10.crashkernel-256m" timestamp="2026-11-22T13:30:00.000Z" time="12.345" tests="4" failures="1" errors="0" skipped="2">
          <properties>
            <property name="bundle" value="results/run/debian-5.10.crashkernel-256m"/>
          </properties>
          <testcase classname="debian-5.10.crashkernel-256m" name="boot.userspace"/>
          <testcase classname="debian-5.10.crashkernel-256m" name="lowmem.locked">
            <properties>
              <property name="outcome" value="broken"/>
              <property name="why" value="4 pages below 1 MiB are the system kernel's to use"/>
              <property name="pages" value="0x10-0x13"/>
              <property name="evidence" value="system/kpageflags"/>
            </properties>
            <failure message="4 pages below 1 MiB are the system kernel's to use" type="broken"/>
          </testcase>
          <testcase classname="debian-5.10.crashkernel-256m" name="kdump.dmesg">
            <properties>
              <property name="known-defect" value="https://bugs.debian.org/1#5"/>
              <property name="outcome" value="known"/>
              <property name="why" value="The log ends early"/>
            </properties>
            <skipped/>
          </testcase>
          <testcase classname="debian-5.10.crashkernel-256m" name="panic.reboots">
            <properties>
              <property name="outcome" value="unseen"/>
              <property name="why" value="With crashkernel # none asked"/>
            </properties>
            <skipped/>
          </testcase>
        </testsuite>
      </testsuites>"
    `);
  });

  it('writes a failure for a kernel that did not boot', () => {
    const verdict = { kind: 'boot-failure', lastLine: 'Kernel panic' } as const;
    expect(renderJunit(runOf(judgedCell({ judgement: { verdict } })))).toContain(
      '<failure message="Its log tells: Kernel panic" type="boot-failure"/>',
    );
  });

  it('says which known defect no longer shows, and skips the verdict of a known one', () => {
    expect(renderJunit(runOf(mendedCell(), unbootableCell()))).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="sub1m run" tests="5" failures="0" errors="0" skipped="3">
        <testsuite name="debian-6.12.no-crashkernel" timestamp="2026-11-22T13:30:00.000Z" time="12.345" tests="3" failures="0" errors="0" skipped="1">
          <properties>
            <property name="bundle" value="results/run/debian-6.12.no-crashkernel"/>
          </properties>
          <testcase classname="debian-6.12.no-crashkernel" name="boot.userspace"/>
          <testcase classname="debian-6.12.no-crashkernel" name="lowmem.page0-kept">
            <properties>
              <property name="no-longer-shows" value="https://bugs.debian.org/1#5"/>
            </properties>
          </testcase>
          <testcase classname="debian-6.12.no-crashkernel" name="kdump.dmesg">
            <properties>
              <property name="outcome" value="unseen"/>
              <property name="why" value="Without crashkernel"/>
            </properties>
            <skipped/>
          </testcase>
        </testsuite>
        <testsuite name="debian-6.12.no-crashkernel.x1c6" timestamp="2026-11-22T13:30:00.000Z" time="12.345" tests="2" failures="0" errors="0" skipped="2">
          <properties>
            <property name="bundle" value="results/run/debian-6.12.no-crashkernel.x1c6"/>
          </properties>
          <testcase classname="debian-6.12.no-crashkernel.x1c6" name="boot.userspace">
            <properties>
              <property name="known-defect" value="https://bugs.debian.org/1#5"/>
              <property name="outcome" value="known"/>
              <property name="why" value="The machine ended in phase boot: Kernel panic"/>
              <property name="evidence" value="console.log"/>
            </properties>
            <skipped/>
          </testcase>
          <testcase classname="debian-6.12.no-crashkernel.x1c6" name="verdict">
            <properties>
              <property name="why" value="Its log tells: Kernel panic"/>
            </properties>
            <skipped/>
          </testcase>
        </testsuite>
      </testsuites>"
    `);
  });

  it('writes an error for a cell that could not be judged', () => {
    const verdict = { kind: 'unjudged', code: 'E_QMP', why: 'QMP is gone\nlast line' } as const;
    const xml = renderJunit(runOf(judgedCell({ judgement: { verdict } })));
    expect(xml).toContain('<error message="E_QMP: QMP is gone last line" type="E_QMP"/>');
    expect(xml).toContain('errors="1"');
  });

  it('drops what XML 1.0 forbids', () => {
    const broken = invariant({ outcome: 'broken', why: 'a\u0000b\u000bc\ufffed\ud800e' });
    const xml = renderJunit(runOf(judgedCell({ judgement: { invariants: [broken] } })));
    expect(xml).toContain('<failure message="abcde" type="broken"/>');
  });

  it('keeps what a guest wrote in its place', () => {
    const xml = renderJunit(runOf(hostileCell()));
    expect(xml).toMatch(/^[ -~\n]*$/);
    expect(elements(xml).filter((name) => name !== 'property' && name !== 'properties')).toEqual([
      'testsuites',
      'testsuite',
      'testcase',
      'failure',
      'testcase',
      'skipped',
      'testcase',
      'skipped',
      'testcase',
      'error',
    ]);
  });
});
