/** The configuration with the patterns of the file that KEEP_FILE names, as they are at each moment. */
import type { KeepingConfig, LoadedConfig } from '../../config/config.ts';
import { variableOf } from '../../config/settings.ts';
import type { Protections } from '../../core/eligible/rules.ts';
import { KeepFile } from './keep-file.ts';

export type WithKeepFile =
  | { readonly ok: true; readonly config: KeepingConfig }
  /** One line each. */
  | { readonly ok: false; readonly problems: readonly string[] };

export async function withKeepFile(loaded: LoadedConfig): Promise<WithKeepFile> {
  const { keepFile: path } = loaded;
  if (path === undefined)
    return { ok: true, config: { ...loaded, rereadKeepFile: () => Promise.resolve(false) } };
  const file = await KeepFile.open(path);
  if (!(file instanceof KeepFile))
    return { ok: false, problems: file.map((problem) => `${variableOf('keepFile')}: ${problem}`) };
  const { keep, ...others } = loaded.protections;
  // An accessor of the object itself, so that copies of the protections have what is in force when they are made.
  const protections: Protections = {
    ...others,
    get keep() {
      return [...keep, ...file.patterns];
    },
  };
  return {
    ok: true,
    config: { ...loaded, protections, rereadKeepFile: (report) => file.refresh(report) },
  };
}
