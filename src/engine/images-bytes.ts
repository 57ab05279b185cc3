/** What all images of an engine take together, as the engine counts it. */
import type { Engine } from './engine.ts';

/** By the engine's own sum, in which shared layers count once; where it has none, the sum of the sizes that it lists. @throws EngineError */
export async function imagesBytes(engine: Engine, signal: AbortSignal): Promise<number> {
  const told = await engine.imagesBytes?.(signal);
  if (told !== undefined) return told;
  const images = await engine.listImages(signal);
  return images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
