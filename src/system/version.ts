/** The version of this program, from the package's manifest (the bundler writes it into the bundle). */
import manifest from '../../package.json' with { type: 'json' };

export const version = manifest.version;
