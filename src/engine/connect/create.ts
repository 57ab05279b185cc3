/** From a configuration to the engine that it names. */
import type { Config } from '../../config/config.ts';
import { defaultSocketPaths } from '../endpoint.ts';
import { findSocket } from './detect.ts';
import type { Engine } from '../engine.ts';

/** Loads the adapter of the engine that it is, and no other: gRPC costs memory. */
export async function createEngine(
  config: Pick<Config, 'target' | 'timeoutSeconds' | 'intervalSeconds'>,
): Promise<Engine> {
  const { target } = config;
  const timeoutMs = config.timeoutSeconds * 1000;
  if (target.kind === 'docker') {
    const { createDockerEngine } = await import('../docker/docker-engine.ts');
    return createDockerEngine(target.address, { timeoutMs });
  }
  const [{ createCriEngine }, { pollTimesFor }] = await Promise.all([
    import('../cri/cri-engine.ts'),
    import('../cri/event-stream.ts'),
  ]);
  const { socketPath } = target;
  return createCriEngine(`unix://${socketPath ?? defaultSocketPaths[0]}`, {
    findSocket: () => (socketPath === undefined ? findSocket() : Promise.resolve(socketPath)),
    timeoutMs,
    pollTimes: pollTimesFor(config.intervalSeconds),
  });
}
