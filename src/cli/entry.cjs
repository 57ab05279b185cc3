/* The file that `docker-image-cleaner` starts: first is this Node new enough, then the program. What an old Node cannot
 * parse it must not meet, so this is ES5 and the program is a file of its own beside it. The build puts in the version. */
'use strict';

var needed = '@NEEDED_NODE@';

function isOlder(version, than) {
  var have = version.split('.');
  var want = than.split('.');
  for (var index = 0; index < want.length; index++) {
    var difference = parseInt(have[index] || '0', 10) - parseInt(want[index], 10);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

if (isOlder(process.versions.node, needed)) {
  process.stderr.write(
    'error: docker-image-cleaner needs Node ' +
      needed +
      ' or newer, but this is ' +
      process.versions.node +
      ': install a newer one (https://nodejs.org), or the .deb or .rpm package or the container image, which need no Node\n',
  );
  process.exit(2);
} else {
  require('./program.cjs');
}
