/** What people call the kinds of space, and of what may be deleted. */
import type { UnitKind } from '../../core/forest/removable.ts';
import type { SpaceKind } from '../../core/model/space-kinds.ts';

/** From deletable to free; the order of the lines. */
export const spaceNames: Readonly<Record<SpaceKind, string>> = {
  imagesInUse: 'images in use',
  imagesUnused: 'images unused',
  buildCache: 'build cache',
  containerLayers: 'container layers',
  containerLogs: 'container logs',
  volumesInUse: 'volumes in use',
  volumesUnused: 'unused volumes',
  leftovers: 'leftovers of the engine',
  beingWritten: 'being pulled or built',
  engine: "the engine's own files",
  unknown: 'below the path, of unknown kind',
  notTheEngines: 'not below the path',
  reserved: 'reserved for root',
  available: 'available',
};

/** What people call the kinds of what may be deleted. */
export const kindNames: Readonly<Record<UnitKind, string>> = {
  image: 'image',
  'build-cache': 'build cache',
  'stopped-container': 'container',
};
