/** The version of this build. */
import { readFileSync } from 'node:fs';

/** Set by the bundler; undefined when running from the sources. */
declare const DOCKER_IMAGE_CLEANER_VERSION: string | undefined;

/** The package's version; from the sources it is read from package.json. */
export function version(): string {
  if (typeof DOCKER_IMAGE_CLEANER_VERSION === 'string') return DOCKER_IMAGE_CLEANER_VERSION;
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
