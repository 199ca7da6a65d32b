// SPDX-License-Identifier: MIT
/**
 * What Node reads first: main.js cannot say what is wrong when it cannot be loaded, and Node would exit with 1, which is
 * a verdict. In JavaScript that any Node understands which has import().
 */
'use strict';

/** sysexits.h EX_UNAVAILABLE. */
var EXIT_UNAVAILABLE = 69;

/** @param {string} why */
function giveUp(why) {
  // Nobody may read it.
  process.stderr.on('error', function () {});
  process.stderr.write('sub1m: Cannot start: ' + why + '\n');
  // From 128 on git stops a bisection.
  process.exit(EXIT_UNAVAILABLE + (process.argv.indexOf('--bisect-run') === -1 ? 0 : 128));
}

/**
 * @param {string} found
 * @param {string} needed
 */
function isOlder(found, needed) {
  var one = found.split('.').map(Number);
  var other = needed.split('.').map(Number);
  return one[0] === other[0] ? one[1] < (other[1] || 0) : one[0] < other[0];
}

try {
  // Of a checkout and of a package, like main.js beside this file.
  var needed = require('../../package.json').engines.node.replace('>=', '');
  if (isOlder(process.versions.node, needed)) {
    giveUp('expected Node ' + needed + ' or newer, found ' + process.versions.node);
  }
} catch (error) {
  giveUp(String(error));
}

import('./main.js').catch(function (error) {
  giveUp(String(error) + '; install it again, or in a checkout: npm ci --ignore-scripts');
});
