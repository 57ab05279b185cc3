/** Who holds layers beside images: containers, build-cache records, and leftovers; and what is each one's own. */
import { sumTrees } from '../walk/tree-total.ts';
import type { LayerDatabase } from '../stores/store.ts';
import type { ChainId, HeldSpace } from '../../core/model/store.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { sum } from '../../core/model/amount.ts';
import { amountOf, type StoreAccount } from './account.ts';
import type { BuildSnapshots } from '../stores/buildkit.ts';

/**
 * By container ID and build-cache record ID. A container's own is its writable layer and its folder with its logs; a
 * record's own are its folders that are no image layers (a build context, a step that no image was made from).
 */
export function heldSpaceOf(store: StoreAccount, builds: BuildSnapshots): ReadonlyMap<string, HeldSpace> {
  const { database } = store;
  const amounts = new Map(store.folders.map((folder) => [folder.name, folder]));
  const own = (names: readonly string[]): { amount: Amount; exact: boolean } => {
    const folders = names.flatMap((name) => amounts.get(name) ?? []);
    return { amount: sum(folders.map(amountOf)), exact: folders.every(({ isExact }) => isExact) };
  };
  const held = new Map<string, HeldSpace>();
  for (const { id, folders, parentId } of database.containers.values()) {
    const { amount, exact } = own(folders);
    const tree = store.trees.get(`${database.root}/containers/${id}`);
    held.set(id, { top: parentId, ...sum([amount, sumTrees(tree ? [tree] : [])]), exact });
  }
  for (const [id, snapshots] of builds.byRecord) {
    const tops = snapshots.flatMap(({ chainId }) => chainId ?? []);
    // Layers have folders of other names; their files are not the record's own.
    const loose = snapshots.filter(
      ({ chainId, folder }) => chainId === undefined && !database.byFolder.has(folder),
    );
    const { amount, exact } = own(loose.map(({ folder }) => folder));
    held.set(id, { top: topmost(database, tops), ...amount, exact });
    // A lease with several layers that do not stand on each other was never seen; if there is one, each is held.
    for (const extra of tops.filter((top) => top !== topmost(database, tops))) {
      held.set(`${id} ${extra}`, { top: extra, bytes: 0, inodes: 0, exact: true });
    }
  }
  return held;
}

function topmost(database: LayerDatabase, tops: readonly ChainId[]): ChainId | undefined {
  const depth = (top: ChainId): number => {
    let layers = 0;
    for (let at = database.layers.get(top); at !== undefined; at = database.layers.get(at.parentId ?? ''))
      layers += 1;
    return layers;
  };
  return tops.toSorted((a, b) => depth(b) - depth(a))[0];
}

/** Leftovers: a layer that neither an image nor anything else we know of has; it still holds those below it. */
export function heldByNobody(store: StoreAccount, held: ReadonlyMap<string, HeldSpace>): readonly ChainId[] {
  const { database } = store;
  const known = new Set([...database.images.values()].flat());
  for (const { top } of held.values()) {
    for (let id = top; id !== undefined && !known.has(id); id = database.layers.get(id)?.parentId)
      known.add(id);
  }
  return [...database.layers.keys()].filter((id) => !known.has(id));
}
