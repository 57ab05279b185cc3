/**
 * Differences between engines with the Docker Engine API, from `GET /version` and `GET /info`. Pure, and private to
 * this folder.
 */
import type { InfoAnswer, VersionAnswer } from './schemas.ts';

export interface Dialect {
  /**
   * A parent is the image that another was built from here, and the engine links them: Docker. Podman reports the
   * nearest image with the same lower layers instead, and deletes untagged ones below an image with it.
   */
  readonly tellsBuildParents: boolean;
  /**
   * An image's `delete` event means that it is gone: Docker. Podman sends it when a deletion is tried, even if it
   * then refuses (seen on 4.3 and 5.8).
   */
  readonly tellsRemovalsAfterwards: boolean;
  /** Its sum of all images counts shared layers once: Docker. Podman's is the sum of their sizes. */
  readonly countsLayersOnce: boolean;
  /**
   * How often a container has its image copied, with a storage driver that copies: Docker's vfs twice, for the layer that
   * it writes in and the one below with the engine's own files; Podman's once.
   */
  readonly imageCopies: number;
}

export const dockerDialect: Dialect = {
  tellsBuildParents: true,
  tellsRemovalsAfterwards: true,
  countsLayersOnce: true,
  imageCopies: 0,
};

/** @param driver the storage driver's name. */
export function dialectOf(version: VersionAnswer | undefined, driver?: string | null): Dialect {
  const isPodman = version?.Components?.[0]?.Name === 'Podman Engine';
  const copies = driver === 'vfs' ? 1 : 0;
  return isPodman
    ? {
        tellsBuildParents: false,
        tellsRemovalsAfterwards: false,
        countsLayersOnce: false,
        imageCopies: copies,
      }
    : { ...dockerDialect, imageCopies: 2 * copies };
}

/**
 * Where the image store is, in the engine's mount namespace, as far as the engine reports it: with the containerd
 * image store (`driver-type` of a snapshotter) that is containerd's root, which no field names. A containerd that
 * dockerd started itself keeps it below Docker's data directory (moby `cmd/dockerd/daemon_unix.go`); the system's
 * own, recognised by its well-known socket, in its default root.
 */
export function storeDirectoryOf(info: InfoAnswer | undefined): string | undefined {
  const isContainerd = (info?.DriverStatus ?? []).some(
    ([key, value]) => key === 'driver-type' && value?.startsWith('io.containerd.snapshotter') === true,
  );
  if (!isContainerd) return undefined;
  const isSystems = /^(\/var)?\/run\/containerd\/containerd\.sock$/.test(info?.Containerd?.Address ?? '');
  if (isSystems || !info?.DockerRootDir) return '/var/lib/containerd';
  return `${info.DockerRootDir}/containerd/daemon`;
}
