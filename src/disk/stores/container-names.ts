/**
 * The owner of one of Docker's snapshots or mounts, by its name: a container's own has the container's ID, that of a
 * mounted image also has the name as typed (moby's `daemon/volumes_unix.go`, since 28).
 */
const ofContainer = /^([0-9a-f]{64})(?:-(.+))?$/;

export interface ContainerSnapshot {
  readonly container: string;
  /** The image as it was typed, where it is mounted; `init` for the engine's own layer below a container's. */
  readonly suffix: string | undefined;
  /** For people. */
  readonly called: string;
}

export function containerOf(name: string): ContainerSnapshot | undefined {
  const [, container, suffix] = ofContainer.exec(name) ?? [];
  if (container === undefined) return undefined;
  const short = container.slice(0, 12);
  return { container, suffix, called: suffix === undefined ? short : `${short}, which mounts ${suffix}` };
}
