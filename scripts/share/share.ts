/** What is laid beside the program on a host: manual, configuration, completions. Made by `npm run build` into dist/share. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bashCompletion, fishCompletion, zshCompletion } from './completions.ts';
import { confFile } from './conf-file.ts';
import { manPage } from './man-page.ts';

export function writeShare(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  const files = {
    'docker-image-cleaner.8': manPage(version),
    'docker-image-cleaner.conf': confFile(),
    'completion.bash': bashCompletion(),
    'completion.zsh': zshCompletion(),
    'completion.fish': fishCompletion(),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
