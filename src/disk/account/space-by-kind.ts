/** "Where is my space?": every byte of the filesystem, by what it is for. The parts sum to the filesystem's size. */
import { sumTrees } from '../walk/tree-total.ts';
import { createReadStream } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type ChainId, holders, type ImageStore } from '../../core/model/store.ts';
import { type SpaceByKind, type SpaceKind, spaceKinds } from '../../core/model/space-kinds.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { minus, nothing, sum } from '../../core/model/amount.ts';
import type { DiskAccount, StoreAccount } from './account.ts';
import { unlessGone } from '../filesystem/error.ts';
import { forEachLimited } from '../../system/concurrency.ts';
import type { MeasuredFolder } from './layer-folders.ts';
import { type FolderOwner, ownersOf } from './owners.ts';

export type { SpaceByKind, SpaceKind };

const logPattern = /-json\.log(\.\d+)?(\.gz)?$|^(container|ctr)\.log/;

/** What is known of the store beside its account. */
export interface StoreWhereabouts {
  /**
   * The layers' folder, where that is on a filesystem of its own: then that filesystem is told about, and of the account only
   * what is on it.
   */
  readonly gauged?: string;
  /** The engine keeps its images elsewhere now: in a containerd store. */
  readonly isAbandoned?: boolean;
}

/**
 * Sorts an account by kind.
 * @param account taken just before: what changed since then shows up as `notTheEngines`.
 * @param images what the engine holds now; decides what is in use.
 * @param where what is known of the store beside the account.
 * @throws DiskError when something may not be read; the signal's reason when aborted.
 */
export async function spaceByKind(
  account: DiskAccount,
  images: ImageStore,
  signal: AbortSignal,
  where: StoreWhereabouts = {},
): Promise<SpaceByKind> {
  const { gauged = account.root, isAbandoned = false } = where;
  const isWhole = gauged === account.root;
  const parts = Object.fromEntries(spaceKinds.map((kind) => [kind, nothing])) as Record<SpaceKind, Amount>;
  const add = (kind: SpaceKind, ...amounts: readonly Amount[]): void => {
    parts[kind] = sum([parts[kind], ...amounts]);
  };
  const leftovers: string[] = [];
  const unusedVolumes: string[] = [];
  if (account.store !== undefined && isAbandoned) leftovers.push(...addAbandoned(account.store, add));
  else if (account.store !== undefined)
    leftovers.push(...(await addFolders(account.store, images, account.takenAtMs, add, signal)));
  else if (isWhole) add('unknown', account.total);
  if (account.store !== undefined && isWhole) {
    const named = await addTrees(account, account.store, isAbandoned, add, signal);
    leftovers.push(...named.leftovers);
    unusedVolumes.push(...named.unusedVolumes);
    add('engine', account.store.metadata);
    // Files with names in several places count once in the account, so what is counted twice here goes off again.
    add('engine', minus(account.total, sum(Object.values(parts))));
  }
  const answer = await statfs(gauged);
  const size = answer.bsize;
  const used: Amount = { bytes: (answer.blocks - answer.bfree) * size, inodes: answer.files - answer.ffree };
  // A disk of layers of which no record tells.
  if (!isWhole && account.store === undefined) add('unknown', used);
  const counted = isWhole ? account.total : sum(Object.values(parts));
  add('notTheEngines', {
    bytes: Math.max(0, used.bytes - counted.bytes),
    inodes: answer.files === 0 ? 0 : Math.max(0, used.inodes - counted.inodes),
  });
  add('reserved', { bytes: (answer.bfree - answer.bavail) * size, inodes: 0 });
  add('available', { bytes: answer.bavail * size, inodes: answer.ffree });
  const total = { bytes: answer.blocks * size, inodes: answer.files };
  return { path: gauged, total, parts, leftovers, unusedVolumes };
}

/** Of a classic store that the engine has left for its containerd store nothing is used, or being written, any more. */
function addAbandoned({ database, folders }: StoreAccount, add: Add): readonly string[] {
  add('leftovers', ...folders.map(amountOf));
  return folders.length === 0 ? [] : [database.layersFolder];
}

const kindOfOwner: Readonly<Record<FolderOwner, SpaceKind>> = {
  container: 'containerLayers',
  'build-cache': 'buildCache',
  writing: 'beingWritten',
  nobody: 'leftovers',
};

function amountOf({ files, rest }: MeasuredFolder): Amount {
  return sum([sumTrees([files]), rest]);
}

type Add = (kind: SpaceKind, ...amounts: readonly Amount[]) => void;

/** The folders of the layers folder. Returns the leftovers. */
async function addFolders(
  store: StoreAccount,
  images: ImageStore,
  nowMs: number,
  add: Add,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { inUse, unused } = chainsByUse(store, images);
  const others: MeasuredFolder[] = [];
  for (const folder of store.folders) {
    const { chainId } = folder;
    if (chainId !== undefined && inUse.has(chainId)) add('imagesInUse', amountOf(folder));
    else if (chainId !== undefined && unused.has(chainId)) add('imagesUnused', amountOf(folder));
    else others.push(folder);
  }
  const owners = await ownersOf(store.database, others, nowMs, signal);
  const leftovers: string[] = [];
  for (const folder of others) {
    const owner = owners.get(folder.name) ?? 'writing';
    add(kindOfOwner[owner], amountOf(folder));
    if (owner === 'nobody') leftovers.push(`${store.database.layersFolder}/${folder.name}`);
  }
  return leftovers;
}

/** Which layers belong to an image, or a container's image, in use; which to unused images only. */
function chainsByUse(
  store: StoreAccount,
  images: ImageStore,
): { readonly inUse: ReadonlySet<ChainId>; readonly unused: ReadonlySet<ChainId> } {
  const { database } = store;
  const inUse = new Set<ChainId>();
  const unused = new Set<ChainId>();
  const held = holders(images);
  for (const image of images.images) {
    const chains = image.layers ?? database.images.get(image.id) ?? [];
    for (const chain of chains) (held.has(image.id) ? inUse : unused).add(chain);
  }
  // A container whose image lost its name or record still holds its layers.
  for (const { parentId } of database.containers.values()) {
    for (let id = parentId; id !== undefined && !inUse.has(id); id = database.layers.get(id)?.parentId)
      inUse.add(id);
  }
  return { inUse, unused };
}

/** The folders of storage drivers below a data directory: only one of them is the engine's at a time. */
const driverFolders = [
  'aufs',
  'btrfs',
  'devicemapper',
  'fuse-overlayfs',
  'overlay',
  'overlay2',
  'vfs',
  'zfs',
];
/** What a pull, a load or a build puts into `tmp` goes with it; what has not changed for a day was left by one that broke off. */
const temporaryMs = 86_400_000;

/** Everything else below the root. Returns the names of volumes that no container mounts, and the paths of leftovers. */
async function addTrees(
  { root, takenAtMs }: DiskAccount,
  store: StoreAccount,
  isAbandoned: boolean,
  add: Add,
  signal: AbortSignal,
): Promise<{ readonly unusedVolumes: readonly string[]; readonly leftovers: readonly string[] }> {
  const mounted = await mountedVolumes(root, store, signal);
  const unused: string[] = [];
  const leftovers: string[] = [];
  const isOtherDriver = (path: string): boolean =>
    path !== store.database.layersFolder && driverFolders.some((name) => path === `${root}/${name}`);
  for (const [path, tree] of store.trees) {
    const amount = sumTrees([tree]);
    const name = basename(path);
    if (isOtherDriver(path)) {
      add('leftovers', amount);
      leftovers.push(path);
      continue;
    }
    // A containerd that dockerd started has the images in there, as a whole.
    if (isAbandoned && path === `${root}/containerd`) {
      add('unknown', amount);
      continue;
    }
    switch (dirname(path)) {
      case `${root}/volumes`: {
        if (name === 'metadata.db' || name === 'backingFsBlockDev') add('engine', amount);
        else if (mounted.has(name)) add('volumesInUse', amount);
        else {
          add('volumesUnused', amount);
          unused.push(name);
        }
        break;
      }
      case `${root}/containers`: {
        const logs = await logsIn(path, signal);
        add('containerLogs', logs);
        add('engine', minus(amount, logs));
        break;
      }
      case `${root}/tmp`: {
        const isOld = await isUntouchedSince(path, takenAtMs - temporaryMs);
        add(isOld ? 'leftovers' : 'engine', amount);
        if (isOld) leftovers.push(path);
        break;
      }
      default:
        add(path === `${root}/buildkit` ? 'buildCache' : 'engine', amount);
    }
  }
  return { unusedVolumes: unused, leftovers };
}

async function isUntouchedSince(path: string, atMs: number): Promise<boolean> {
  const stats = await unlessGone(path, lstat(path));
  return stats !== undefined && Math.max(stats.mtimeMs, stats.ctimeMs) < atMs;
}

/** Longer than a volume's name with what is around it. */
const longestName = 1000;

/** Names of the volumes that containers of any state mount, from their `config.v2.json`. */
async function mountedVolumes(
  root: string,
  store: StoreAccount,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const containers = [...store.trees.keys()].filter((path) => dirname(path) === `${root}/containers`);
  await forEachLimited(containers, 8, signal, async (folder) => {
    const path = `${folder}/config.v2.json`;
    await unlessGone(path, addVolumes(path, names));
  });
  return names;
}

async function addVolumes(path: string, names: Set<string>): Promise<void> {
  let end = '';
  // In pieces: a container has all labels of its image, however long.
  for await (const piece of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const text = end + piece;
    // `MountPoints` has an object a mount, with `Type: volume` and the volume's `Name`.
    for (const match of text.matchAll(/"Name":"([^"\\/]+)"/g))
      if (match[1] !== undefined) names.add(match[1]);
    end = text.slice(-longestName);
  }
}

/** The log files of one container, rotated ones and those of the `local` log driver included. */
async function logsIn(folder: string, signal: AbortSignal): Promise<Amount> {
  const found: Amount[] = [];
  const visit = async (path: string, isLogFolder: boolean): Promise<void> => {
    signal.throwIfAborted();
    const entries = (await unlessGone(path, readdir(path, { withFileTypes: true }))) ?? [];
    for (const entry of entries) {
      const at = `${path}/${entry.name}`;
      if (entry.isDirectory() && entry.name === 'local-logs') await visit(at, true);
      else if (entry.isFile() && (isLogFolder || logPattern.test(entry.name))) {
        const stats = await unlessGone(at, lstat(at));
        if (stats !== undefined) found.push({ bytes: stats.blocks * 512, inodes: 1 });
      }
    }
  };
  await visit(folder, false);
  return sum(found);
}
