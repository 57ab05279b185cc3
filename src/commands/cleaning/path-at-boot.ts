/** What to watch if the engine must say so and starts together with the daemon, as at boot. */
import { sleep } from '../../system/clock.ts';
import type { Config } from '../../config/config.ts';
import type { Reporter } from '../../events/events.ts';
import { type EngineAway, toldPath } from '../looking/with-engine.ts';

const BOOT_MS = 60_000;
const AGAIN_MS = 1000;

/**
 * Waits a minute for the engine.
 * @param away what it has not said so far.
 * @returns the configuration with the engine's path, else with the default one. @throws the signal's reason when it aborts.
 */
export async function pathAtBoot(
  config: Config,
  away: EngineAway,
  report: Reporter,
  stop: AbortSignal,
): Promise<Config> {
  report({ event: 'engine.unavailable', ...away });
  const startMs = performance.now();
  while (performance.now() - startMs < BOOT_MS) {
    await sleep(AGAIN_MS, stop);
    stop.throwIfAborted();
    const told = await toldPath(config);
    if (told.away === undefined) return { ...config, pathToCheck: told.path ?? config.pathToCheck };
  }
  const message = `the engine did not say where it keeps its images, so ${config.pathToCheck} is watched: set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK`;
  report({ event: 'config.warning', message });
  return config;
}
