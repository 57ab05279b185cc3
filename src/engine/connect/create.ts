/** From an address to the engine behind it. */
import { endpointOf, type EngineTarget, findSocket } from './detect.ts';
import { type Engine, EngineError } from '../engine.ts';
import { otherEngines } from './sockets.ts';

export interface EngineOptions {
  readonly target: EngineTarget;
  /** How long one request may take. */
  readonly timeoutSeconds: number;
  /** Between two checks: an engine without events is polled more often. */
  readonly intervalSeconds: number;
}

/** Loads the adapter of the engine that it is, and no other: gRPC costs memory. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const engine = await adapterFor(options);
  return options.target.isNamed ? engine : namingOthers(engine);
}

async function adapterFor(options: EngineOptions): Promise<Engine> {
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
  return createCriEngine(await endpointOf(target), {
    findSocket: () => (socketPath === undefined ? findSocket() : Promise.resolve(socketPath)),
    timeoutMs,
    pollTimes: pollTimesFor(options.intervalSeconds),
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
