/**
 * The names of layers (OCI image specification, "Layer ChainID"): ChainID(L0) = DiffID(L0);
 * ChainID(L0|…|Ln) = SHA256(ChainID(L0|…|Ln−1) + " " + DiffID(Ln)). Beside the core because it needs Node's SHA-256.
 */
import { createHash } from 'node:crypto';
import type { ChainId } from '../core/model/store.ts';

/** SHA-256 in hexadecimal. */
export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The chain ID of a layer by the one below it and its own diff ID. */
export function chainId(parentId: ChainId | undefined, diffId: string): ChainId {
  return parentId === undefined ? diffId : `sha256:${sha256(`${parentId} ${diffId}`)}`;
}

/** The chain IDs of diff IDs given from the bottom up. */
export function chainIds(diffIds: readonly string[]): readonly ChainId[] {
  const chains: ChainId[] = [];
  for (const diffId of diffIds) chains.push(chainId(chains.at(-1), diffId));
  return chains;
}
