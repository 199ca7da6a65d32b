// SPDX-License-Identifier: MIT

/**
 * Orders two Debian versions without epoch as dpkg does (deb-version(7)): negative if `a` is older.
 */
export function compareDebianVersions(a: string, b: string): number {
  const [upstreamA, revisionA] = splitRevision(a);
  const [upstreamB, revisionB] = splitRevision(b);
  return compareParts(upstreamA, upstreamB) || compareParts(revisionA, revisionB);
}

/**
 * Whether `version` is `wanted`, or `wanted` followed by a new component: 5.10.262-1 begins with 5.10,
 * not with 5.1.
 */
export function versionBeginsWith(version: string, wanted: string): boolean {
  return version.startsWith(wanted) && !/^[A-Za-z0-9]/.test(version.slice(wanted.length));
}

function splitRevision(version: string): [upstream: string, revision: string] {
  const at = version.lastIndexOf('-');
  return at === -1 ? [version, ''] : [version.slice(0, at), version.slice(at + 1)];
}

/** Compares text and number in turns, the way `verrevcmp()` of dpkg does. */
function compareParts(a: string, b: string): number {
  const left = a.match(/\D*\d*/g) ?? [];
  const right = b.match(/\D*\d*/g) ?? [];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [textA, numberA] = splitNumber(left[i] ?? '');
    const [textB, numberB] = splitNumber(right[i] ?? '');
    const difference = compareText(textA, textB) || numberA - numberB;
    if (difference !== 0) return difference;
  }
  return 0;
}

function splitNumber(part: string): [text: string, number: number] {
  const text = part.replace(/\d+$/, '');
  return [text, Number(part.slice(text.length))];
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = weight(a.charAt(i)) - weight(b.charAt(i));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `~` sorts before the end, the end before letters, letters before everything else. */
function weight(char: string): number {
  if (char === '~') return -1;
  if (char === '') return 0;
  return char.charCodeAt(0) + (/[A-Za-z]/.test(char) ? 0 : 256);
}
