/** From a configuration to the engine that it names. */
import type { Config } from '../config/config.ts';
import { createDockerEngine } from './docker/docker-engine.ts';
import type { Engine } from './engine.ts';

export function createEngine(config: Pick<Config, 'engine' | 'timeoutSeconds'>): Engine {
  return createDockerEngine(config.engine, { timeoutMs: config.timeoutSeconds * 1000 });
}
