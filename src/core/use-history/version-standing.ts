/**
 * How an image stands among the versions of its repositories, and what that says of its layers. Numbers, because the
 * lessons count by them and the state file keeps them.
 */
export const VersionStanding = {
  /** No newer image of its repositories is known. */
  newest: 0,
  /** There has been a newer one since its last use. */
  superseded: 1,
  /** There is a newer one, but this was used since, or is in use: it lives on beside it. */
  older: 2,
} as const;

export type VersionStanding = (typeof VersionStanding)[keyof typeof VersionStanding];

/** Known images that have a layer, and how many of them are the newest, or older but used since. */
export interface Standings {
  readonly images: number;
  readonly newest: number;
  readonly older: number;
}

/** A layer stands as the best of its images does; one without images as if nothing newer were known. */
export function standingOf({ images, newest, older }: Standings): VersionStanding {
  if (newest > 0 || images === 0) return VersionStanding.newest;
  return older > 0 ? VersionStanding.older : VersionStanding.superseded;
}

/** Counts an image in (`by` 1) or out (-1). */
export function countIn(
  layer: { -readonly [Key in keyof Standings]: number },
  standing: VersionStanding,
  by: 1 | -1,
): void {
  layer.images += by;
  if (standing === VersionStanding.newest) layer.newest += by;
  else if (standing === VersionStanding.older) layer.older += by;
}
