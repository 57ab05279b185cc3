/** A cleaner on a node: a real engine behind a proxy, under a real API server behind another. */
import { cleaner } from '../engine/scenario.ts';
import type { Cli, CliOptions } from '../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';
import { type Scene, startScene } from './scene.ts';

export class NodeScene {
  readonly scene: Scene;
  readonly engine: DockerEngine;
  /** Between the cleaner and the engine. */
  readonly wire: WireProxy;
  readonly #running: Cli[] = [];

  constructor(scene: Scene, engine: DockerEngine, wire: WireProxy) {
    this.scene = scene;
    this.engine = engine;
    this.wire = wire;
  }

  /** A cleaner for a node that wants everything gone; `settings` as in the environment, `env` whole variables. */
  cleanerOn(
    node: string,
    args: readonly string[],
    settings: Readonly<Record<string, string>> = {},
    env: CliOptions['env'] = {},
  ): Cli {
    const cli = cleaner(this.engine, args, {
      ...{ high: 0.2, low: 0.1 },
      dockerHost: this.wire.dockerHost,
      settings: { NODE_NAME: node, INTERVAL_SECONDS: '1', ...settings },
      env: { KUBECONFIG: this.scene.kubeconfig, POD_NAME: 'cleaner-abcde', POD_NAMESPACE: 'cleaner', ...env },
    });
    this.#running.push(cli);
    return cli;
  }

  /** Ends what a test started, and the faults. */
  async reset(): Promise<void> {
    for (const cli of this.#running.splice(0)) await cli.dispose();
    this.wire.clear();
    await this.scene.reset();
  }

  async dispose(): Promise<void> {
    await this.wire.dispose();
    await this.engine.dispose();
    await this.scene.dispose();
  }
}

export async function startNodeScene(): Promise<NodeScene> {
  const [scene, engine] = await Promise.all([startScene(), startDockerEngine()]);
  const wire = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  return new NodeScene(scene, engine, wire);
}
