/** From an address to the engine behind it. */
import { defaultSocketPaths } from '../endpoint.ts';
import { type EngineTarget, findSocket } from './detect.ts';
import type { Engine } from '../engine.ts';

export interface EngineOptions {
  readonly target: EngineTarget;
  /** How long one request may take. */
  readonly timeoutSeconds: number;
  /** Between two checks: what an engine does not tell as it happens is asked for in shorter times. */
  readonly intervalSeconds: number;
}

/** Loads the adapter of the engine that it is, and no other: gRPC costs memory. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { target } = options;
  const timeoutMs = options.timeoutSeconds * 1000;
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
    pollTimes: pollTimesFor(options.intervalSeconds),
  });
}
