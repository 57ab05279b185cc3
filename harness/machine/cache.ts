/** Where what is expensive to get is kept. Outlives the checkout, so that a fresh clone does not get it again. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
