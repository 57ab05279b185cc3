/** From a configuration to the engine that it names. */
import type { Config } from '../../config/config.ts';
import { endpointOf, findSocket } from './detect.ts';
import { type Engine, EngineError } from '../engine.ts';
import { otherEngines } from './sockets.ts';

/** Loads the adapter of the engine that it is, and no other: gRPC costs memory. */
export async function createEngine(
  config: Pick<Config, 'target' | 'timeoutSeconds' | 'intervalSeconds'>,
): Promise<Engine> {
  const engine = await adapterFor(config);
  return config.target.isNamed ? engine : namingOthers(engine);
}

async function adapterFor(
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
  return createCriEngine(await endpointOf(target), {
    findSocket: () => (socketPath === undefined ? findSocket() : Promise.resolve(socketPath)),
    timeoutMs,
    pollTimes: pollTimesFor(config.intervalSeconds),
  });
}

/** An engine that was found and not named: where it does not answer, the error names the others that are here. */
function namingOthers(engine: Engine): Engine {
  return {
    ...engine,
    async connect(signal) {
      try {
        return await engine.connect(signal);
      } catch (error) {
        if (!(error instanceof EngineError) || error.code === 'timeout') throw error;
        const others = await otherEngines(engine.endpoint, process.env['XDG_RUNTIME_DIR']);
        if (others.length === 0) throw error;
        throw new EngineError(error.code, `${error.message} Found here: ${others.join(', ')}.`, {
          ...(error.status === undefined ? {} : { status: error.status }),
          cause: error,
        });
      }
    },
  };
}
