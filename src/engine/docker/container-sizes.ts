/**
 * What stopped containers' own files take, as the engine counts them: it reads every file for the answer, so each
 * container is asked about once, until it has run again.
 */
import type { Container } from '../../core/model/store.ts';
import { EngineError, type ToldContainerSize } from '../engine.ts';
import { RecentMap } from './recent-map.ts';
import type { ContainerDetailsAnswer } from './schemas.ts';
import { containerFromDetails } from './translate.ts';

interface Known {
  readonly state: string;
  readonly stoppedAtMs: number | undefined;
  readonly size: ToldContainerSize | undefined;
}

export class ContainerSizes {
  readonly #known = new RecentMap<string, Known>();

  /**
   * @param ask the engine's answer with sizes; undefined when the container is gone.
   * @param imageCopies how often the container has its image copied.
   */
  async of(
    container: Container,
    ask: () => Promise<ContainerDetailsAnswer | undefined>,
    imageCopies: number,
  ): Promise<ToldContainerSize | undefined> {
    const { id, state, stoppedAtMs } = container;
    const known = this.#known.get(id);
    if (known !== undefined && isSameStop(known, container)) return known.size;
    const answer = await patiently(ask);
    // It runs, or ran meanwhile: no longer the container that was asked about.
    if (answer !== undefined && !isSameStop(containerFromDetails(answer), container)) return undefined;
    const writtenBytes = answer?.SizeRw ?? -1;
    const size = writtenBytes < 0 ? undefined : { writtenBytes, imageCopies };
    this.#known.set(id, { state, stoppedAtMs, size });
    return size;
  }
}

function isSameStop(one: Pick<Container, 'state' | 'stoppedAtMs'>, other: Container): boolean {
  return one.state === other.state && one.stoppedAtMs === other.stoppedAtMs;
}

/** When counting fails or exceeds a request's time, only this size is unknown; the engine remains usable. */
async function patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EngineError && (error.code === 'timeout' || error.code === 'failed'))
      return undefined;
    throw error;
  }
}
