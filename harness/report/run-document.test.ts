// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  HOSTILE,
  REFERENCE,
  brokenCell,
  hostileCell,
  mendedCell,
  runOf,
} from './testing/run-builder.ts';
import { renderRunDocument } from './run-document.ts';
import { parseDocument } from './testing/documents.ts';

describe('renderRunDocument', () => {
  it('has everything of a cell', () => {
    const { cells, ...document } = parseDocument('run', renderRunDocument(runOf(brokenCell())));
    const cut = cells.map((cell) => ({ ...cell, pages: cell.pages.slice(0x0f, 0x11) }));
    expect({ ...document, cells: cut }).toMatchInlineSnapshot(`
      {
        "cells": [
          {
            "accel": "tcg",
            "bundle": "results/run/debian-5.10.crashkernel-256m",
            "cpus": 1,
            "crashkernel": "256M",
            "fault": null,
            "firmware": "saved",
            "id": "debian-5.10.crashkernel-256m",
            "invariants": [
              {
                "id": "boot.userspace",
                "known": null,
                "outcome": "kept",
                "pages": [],
                "why": "",
              },
              {
                "id": "lowmem.locked",
                "known": null,
                "outcome": "broken",
                "pages": [
                  "0x10-0x13",
                ],
                "why": "4 pages below 1 MiB are the system kernel's to use",
              },
              {
                "id": "kdump.dmesg",
                "known": "https://bugs.debian.org/1#5",
                "outcome": "known",
                "pages": [],
                "why": "The log ends early",
              },
              {
                "id": "panic.reboots",
                "known": null,
                "outcome": "unseen",
                "pages": [],
                "why": "With crashkernel # none asked",
              },
            ],
            "kernel": {
              "ref": "debian:5.10",
              "release": "6.12.43+deb12-cloud-amd64",
            },
            "layout": "stock",
            "load": "kexec_file_load",
            "pages": [
              {
                "observed": "reserved",
                "predicted": "bios",
              },
              {
                "observed": "free",
                "predicted": "lock",
              },
            ],
            "policy": "lock-on-crashkernel",
            "seconds": {
              "boot": 6.25,
              "firmware": 2.5,
              "total": 12.345,
            },
            "trampoline": "0x99000",
            "trigger": "sysrq",
            "verdict": {
              "broken": [
                "lowmem.locked",
              ],
              "kind": "mismatch",
            },
          },
        ],
        "detection": {
          "recently": {
            "caught": [],
            "missed": [],
            "unbuilt": [],
            "unjudged": [],
          },
          "tonight": {
            "caught": [],
            "missed": [],
            "unbuilt": [],
            "unjudged": [],
          },
        },
        "run": "run",
        "schema": 2,
        "summary": {
          "known": 1,
          "match": 0,
          "mismatch": 1,
          "unjudged": 0,
        },
      }
    `);
  });

  it('has the reference of every invariant that is listed, whatever became of it', () => {
    const invariants = parseDocument('run', renderRunDocument(runOf(mendedCell()))).cells[0]
      ?.invariants;
    expect(invariants?.map(({ outcome, known }) => [outcome, known])).toEqual([
      ['kept', null],
      ['kept', REFERENCE],
      ['unseen', REFERENCE],
    ]);
  });

  it('has null for what is not known', () => {
    const { judgement, ...cell } = hostileCell();
    const record = { ...cell.record, kernel: null, machine: null };
    const run = runOf({ ...cell, record, judgement: { ...judgement, policy: null } });
    const document = parseDocument('run', renderRunDocument(run));
    expect(document.cells[0]).toMatchObject({
      kernel: { ref: 'debian:6.12', release: null },
      accel: null,
      policy: null,
      trampoline: null,
    });
    expect(document.cells[0]?.pages[255]).toEqual({ predicted: null, observed: null });
  });

  it('is ASCII, and keeps every character that a guest wrote', () => {
    const text = renderRunDocument(runOf(hostileCell()));
    expect(text).toMatch(/^[ -~\n]*$/);
    expect(parseDocument('run', text).cells[0]?.verdict).toMatchObject({ why: HOSTILE });
  });
});
