import { createHash } from 'node:crypto';
import type { ChainId } from '../../core/store.ts';

/**
 * The chain IDs of an image's layers, from the bottom up, computed from its diff IDs (`RootFS.Layers`).
 * OCI image specification, "Layer ChainID": ChainID(L0) = DiffID(L0);
 * ChainID(L0|…|Ln) = SHA256(ChainID(L0|…|Ln−1) + " " + DiffID(Ln)).
 */
export function chainIds(diffIds: readonly string[]): readonly ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : `sha256:${sha256(`${below} ${diffId}`)}`);
  }
  return chain;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
