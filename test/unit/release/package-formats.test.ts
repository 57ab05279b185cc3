/** `npm run package -- --quick`, the first command of the README, on a machine that has not every tool. */
import { expect, it } from 'vitest';
import { buildDeb } from '../../../scripts/package/deb.ts';
import { formatsHere } from '../../../scripts/package/formats.ts';
import { buildArchive } from '../../../scripts/package/layout.ts';
import { buildRpm } from '../../../scripts/package/rpm.ts';

it('builds what it has the tools for, and names the tool of each other format', () => {
  expect(formatsHere(() => true)).toEqual({ formats: [buildArchive, buildDeb, buildRpm], missing: [] });
  expect(formatsHere((command) => command === 'dpkg-deb')).toEqual({
    formats: [buildArchive, buildDeb],
    missing: ['no .rpm: rpmbuild is not installed (Debian package rpm)'],
  });
  expect(formatsHere(() => false).formats).toEqual([buildArchive]);
});
