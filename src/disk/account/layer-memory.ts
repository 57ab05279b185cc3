/**
 * What is known of the folders in the layers folder, so that they are read once and not at each check. A record is
 * trusted only while the folder has the same inode and times as when it was measured. Kept in a state file, so that a
 * restart does not read everything again.
 */
import type { TreeTotal } from '../walk/tree-total.ts';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { Amount } from '../../core/model/thresholds.ts';
import { readStateFile, writeStateText } from '../../system/state-file.ts';
import type { FolderMark } from '../walk/folder-mark.ts';
import { Slices } from '../walk/slices.ts';

export interface FolderRecord extends FolderMark {
  /** Its files (`diff`): what never changes in a layer. */
  readonly files: TreeTotal;
  /** The folder itself and the engine's small files in it, without `diff`. */
  readonly rest: Amount;
  /** Its entries elsewhere: layer database, short name. Not below the folder. */
  readonly elsewhere: Amount;
  /** Its short name in `l/`; the engine removes that first when it removes the folder. */
  readonly link: string | undefined;
  /** It was listed as a layer when it was measured: its files are final, whatever becomes of its times. */
  readonly isLayer: boolean;
  /** The filesystem may still have been deciding about its blocks: to be measured once more. */
  readonly isProvisional: boolean;
}

/** The memory is loaded and saved whole, also when the measurement is given up. */
const never = new AbortController().signal;
const stateVersion = 1;
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const amountShape = v.object({ bytes: whole, inodes: whole });
const recordShape = v.object({
  ino: whole,
  mtimeMs: v.number(),
  ctimeMs: v.number(),
  files: v.object({
    device: whole,
    bytes: whole,
    inodes: whole,
    openLinks: v.array(v.object({ ino: whole, bytes: whole })),
  }),
  rest: amountShape,
  elsewhere: amountShape,
  link: v.optional(v.string()),
  isLayer: v.boolean(),
  isProvisional: v.boolean(),
});
const stateShape = v.object({
  version: v.literal(stateVersion),
  layersFolder: v.string(),
  // One record at a time: all at once would block the event loop.
  folders: v.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null,
  ),
});

export class LayerMemory {
  readonly #path: string | undefined;
  readonly #records = new Map<string, FolderRecord>();
  #layersFolder = '';
  #isChanged = false;

  /** @param path the state file; undefined: nothing survives a restart. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * Takes over what the state file knows of this layers folder.
   * @returns a sentence when the file was there and could not be used; it is rebuilt by the next `save`.
   */
  async load(layersFolder: string): Promise<string | undefined> {
    this.#layersFolder = layersFolder;
    if (this.#path === undefined) return undefined;
    const state = await readStateFile(this.#path);
    if (state === undefined) return undefined;
    if ('damaged' in state) return state.damaged;
    const result = v.safeParse(stateShape, state.value);
    const damaged = `${this.#path} is damaged or of another version; it is rebuilt.`;
    if (!result.success) return damaged;
    if (result.output.layersFolder !== layersFolder) return undefined;
    const slices = new Slices(never);
    for (const [name, value] of Object.entries(result.output.folders)) {
      const record = v.safeParse(recordShape, value);
      if (!record.success) {
        this.#records.clear();
        return damaged;
      }
      this.#records.set(name, { ...record.output, link: record.output.link });
      if (slices.isOver) await slices.rest();
    }
    return undefined;
  }

  /** Writes the state file if something changed. @throws Node's filesystem error when that fails. */
  async save(): Promise<void> {
    if (this.#path === undefined || !this.#isChanged) return;
    this.#isChanged = false;
    const slices = new Slices(never);
    const folders: string[] = [];
    for (const [name, record] of this.#records) {
      folders.push(`${JSON.stringify(name)}:${JSON.stringify(record)}`);
      if (slices.isOver) await slices.rest();
    }
    const head = `{"version":${stateVersion},"layersFolder":${JSON.stringify(this.#layersFolder)}`;
    try {
      await writeStateText(this.#path, `${head},"folders":{${folders.join(',')}}}`);
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
  }

  get(name: string): FolderRecord | undefined {
    return this.#records.get(name);
  }

  set(name: string, record: FolderRecord): void {
    // A layer whose surroundings may change is measured at each check, mostly with the same result.
    if (isDeepStrictEqual(this.#records.get(name), record)) return;
    this.#records.set(name, record);
    this.#isChanged = true;
  }

  /** Forgets removed folders. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#records.keys()) {
      if (names.has(name)) continue;
      this.#records.delete(name);
      this.#isChanged = true;
    }
  }
}
