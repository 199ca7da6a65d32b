// SPDX-License-Identifier: MIT
// For Stryker: texts that only explain, to people, are not mutated. All other strings are.

/** Properties and variables that hold such texts. */
const NAMES = ['why', 'is', 'kernels', 'how'];

/**
 * What is asked here of a node of Babel's and of its place.
 *
 * @typedef {object} NodePath
 * @property {{ key?: { name?: string }, id?: { name?: string } }} node
 * @property {() => boolean} isStringLiteral
 * @property {() => boolean} isTemplateLiteral
 * @property {() => boolean} isConditionalExpression
 * @property {(test: (parent: NodePath) => boolean) => NodePath} findParent
 */

/** @param {NodePath} path Of a text in one of these, be it in a branch of a condition? */
function explains(path) {
  if (!path.isStringLiteral() && !path.isTemplateLiteral()) return false;
  const { key, id } = path.findParent((parent) => !parent.isConditionalExpression()).node;
  return NAMES.includes(key?.name ?? id?.name ?? '');
}

const ignorer = {
  /** @param {NodePath} path */
  shouldIgnore: (path) => (explains(path) ? 'a text that only explains' : undefined),
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'explanatory-texts', value: ignorer }];
