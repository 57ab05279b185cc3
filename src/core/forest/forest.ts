/**
 * The forest: layers are built on layers, units (images and what else can be deleted) on top. Built once per
 * snapshot, read by everything that asks what a deletion frees. Lists by index instead of objects: 10,000 images on
 * 100,000 layers are built and planned within a tenth of a second.
 */
import { holders } from '../model/store.ts';
import type { ChainId, ImageStore } from '../model/store.ts';
import { LayerTable, UNKNOWN_TOP } from './layer-table.ts';
import { imageUnits } from './removable.ts';
import type { Removable, RemovableId } from './removable.ts';

export interface Forest {
  readonly units: readonly Removable[];
  readonly unitIndex: ReadonlyMap<RemovableId, number>;
  /** By unit: its topmost layer; -1 where it holds none. */
  readonly top: Int32Array;
  /** By unit, where it has any: the units that must be gone before it. Units that are not in the forest are left out. */
  readonly dependents: ReadonlyMap<number, readonly number[]>;
  /** By layer: its chain ID (or a made-up one, where the image's layers are not known). */
  readonly layerIds: readonly ChainId[];
  /** By layer: its parent; -1 for a bottom layer. */
  readonly parent: Int32Array;
  readonly bytes: Float64Array;
  readonly inodes: Float64Array;
  /** By layer: 1 where bytes and inodes were measured, 0 where they are estimates. */
  readonly exact: Uint8Array;
  /**
   * By layer: how many hold it directly: units and holders of which it is the top, and used child layers. At zero the
   * layer is freed. Zero from the start: a leftover that nothing holds.
   */
  readonly holds: Int32Array;
}

/**
 * The forest of a store: every image a unit, every container (of any state) and every held layer holding its chain. Linear
 * in layers plus units.
 * @param others further units; a container among them, by its ID, is deletable and is not counted as a holder twice.
 * @param held the store's holders(), where they are known already.
 */
export function forestOf(
  store: ImageStore,
  others: readonly Removable[] = [],
  held = holders(store),
): Forest {
  const units = [...imageUnits(store, held, others), ...others];
  const candidates = new Set(others.map((unit) => unit.id));
  const table = new LayerTable(store.layers);
  const unitIndex = new Map<RemovableId, number>();
  units.forEach(({ id }, index) => unitIndex.set(id, index));
  const top = topsOf(units, table);
  const count = table.ids.length;
  const parent = table.parent.subarray(0, count);
  /** Tops of what holds layers and is no unit; unknown ones are -1. */
  const holding = (store.heldLayers ?? []).map((id) => table.indexOf(id));
  for (const [id, { top: layer }] of store.heldSpace ?? [])
    if (layer !== undefined && !candidates.has(id)) holding.push(table.indexOf(layer));
  for (const [image, containers] of held) {
    const layer = top[unitIndex.get(image) ?? -1] ?? -1;
    for (const { id } of containers) if (!candidates.has(id)) holding.push(layer);
  }
  const ofUnits = top.filter((_, unit) => units[unit]?.isStep !== true);
  return {
    units,
    unitIndex,
    top,
    dependents: dependentsOf(units, unitIndex),
    layerIds: table.ids,
    parent,
    bytes: table.bytes.subarray(0, count),
    inodes: table.inodes.subarray(0, count),
    exact: table.exact.subarray(0, count),
    holds: holdsOf(parent, [ofUnits, Int32Array.from(holding)]),
  };
}

/** @param tops of those that hold a layer each (-1: none) and all below it. */
function holdsOf(parent: Int32Array, tops: readonly Int32Array[]): Int32Array {
  const holds = new Int32Array(parent.length);
  for (const list of tops) {
    for (let at = 0; at < list.length; at++) {
      // A layer that was held already holds those below it already.
      for (let layer = list[at] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
        const before = holds[layer] ?? 0;
        holds[layer] = before + 1;
        if (before > 0) break;
      }
    }
  }
  return holds;
}

/** The top layer of each unit. A unit's own data becomes a layer on top, so all amounts are in layers. */
function topsOf(units: readonly Removable[], table: LayerTable): Int32Array {
  const top = table.topsOf(units.map((unit) => unit.layers));
  const incomplete = units.filter((_, index) => top[index] === UNKNOWN_TOP);
  // Short chains first: the layer sizes of a base image are then known for the images built on it.
  const byLength = incomplete.sort((a, b) => a.layers.length - b.layers.length || (a.id < b.id ? -1 : 1));
  const wholeOf = (unit: Removable): number => Math.max(0, unit.sizeBytes - unit.own.bytes);
  const shares = leastShares(byLength, table, wholeOf);
  const completed = new Map<RemovableId, number>();
  for (const unit of byLength) completed.set(unit.id, table.complete(unit.layers, wholeOf(unit), shares));
  units.forEach((unit, index) => {
    if (completed.size > 0) top[index] = completed.get(unit.id) ?? top[index] ?? -1;
    const { bytes, inodes } = unit.own;
    if (bytes > 0 || inodes > 0)
      top[index] = table.add(`own:${unit.id}`, top[index] ?? -1, bytes, inodes, unit.ownExact ?? true);
  });
  return top;
}

/**
 * For each layer of unknown size that several units hold: the least that one of them would give it, were its unknown
 * layers all alike. A large image says nothing of the layers that it shares with small ones.
 */
function leastShares(
  units: readonly Removable[],
  table: LayerTable,
  wholeOf: (unit: Removable) => number,
): ReadonlyMap<ChainId, number> {
  const once = new Map<ChainId, number>();
  const shared = new Map<ChainId, number>();
  for (const unit of units) {
    const { missing, rest } = table.unknownOf(unit.layers, wholeOf(unit));
    const share = rest / Math.max(1, missing.length);
    for (const id of missing) {
      const other = shared.get(id) ?? once.get(id);
      if (other === undefined) once.set(id, share);
      else shared.set(id, Math.min(other, share));
    }
  }
  return shared;
}

function dependentsOf(
  units: readonly Removable[],
  unitIndex: ReadonlyMap<RemovableId, number>,
): ReadonlyMap<number, readonly number[]> {
  const dependents = new Map<number, readonly number[]>();
  units.forEach((unit, index) => {
    if (unit.dependents.length === 0) return;
    const before = unit.dependents
      .flatMap((id) => unitIndex.get(id) ?? [])
      .filter((other) => other !== index);
    if (before.length > 0) dependents.set(index, before);
  });
  return dependents;
}
