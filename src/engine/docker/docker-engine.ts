/**
 * The Docker Engine API as an Engine, versions 1.24 to today's.
 * Source of the facts: the API's version history in its documentation, and the real engines of test/engine.
 */
import type { ImageId } from '../../core/store.ts';
import type { EngineAddress } from '../address.ts';
import { EngineError, type Engine, type RemovalTarget } from '../engine.ts';
import { engineMessage, isNotFound, readJson, refusal } from './answers.ts';
import { connect } from './connect.ts';
import { eventFilters, eventReader } from './events.ts';
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http-client.ts';
import {
  containerListSchema,
  imageDetailsSchema,
  imageHistorySchema,
  imageListSchema,
  removalSchema,
  type ImageDetails,
} from './schemas.ts';
import {
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
  imageId,
  layerSizes,
  namesToResolve,
} from './translate.ts';

export interface DockerEngineOptions {
  /** For one request, to the end of its answer. */
  readonly timeoutMs: number;
}

/** Nothing is asked of the engine before `connect`. */
export function createDockerEngine(address: EngineAddress, options: DockerEngineOptions): Engine {
  const client = createHttpClient(address, options);
  let apiVersion: string | undefined;

  /** @param path below the version, e.g. `/images/json`. */
  async function ask(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    if (apiVersion === undefined) throw connectFirst();
    return client.request({ ...request, path: `/v${apiVersion}${request.path}` }, signal);
  }

  async function inspect(name: string, signal: AbortSignal): Promise<ImageDetails | undefined> {
    const answer = await ask({ method: 'GET', path: `/images/${pathOf(name)}/json` }, signal);
    if (isNotFound(answer)) return undefined;
    return readJson(imageDetailsSchema, expect(200, answer));
  }

  /** The ID behind a name as somebody typed it: `busybox`, a short ID. */
  async function resolve(name: string, signal: AbortSignal): Promise<ImageId | undefined> {
    try {
      const details = await inspect(name, signal);
      return details && imageId(details.Id);
    } catch (error) {
      // Not a name by the engine's grammar (400): one container's oddity must not hide all the others.
      if (error instanceof EngineError && error.code === 'failed' && error.status === 400) return undefined;
      throw error;
    }
  }

  return {
    endpoint: client.endpoint,

    async connect(signal) {
      const info = await connect(client, signal);
      apiVersion = info.apiVersion;
      return info;
    },

    async ping(signal) {
      expect(200, await client.request({ method: 'GET', path: '/_ping' }, signal));
    },

    async listImages(signal) {
      const answer = await ask({ method: 'GET', path: '/images/json', query: { all: '1' } }, signal);
      return (readJson(imageListSchema, expect(200, answer)) ?? []).map(imageFromSummary);
    },

    async listContainers(signal) {
      // Never size=1: the engine would walk every container's files.
      const answer = await ask({ method: 'GET', path: '/containers/json', query: { all: '1' } }, signal);
      const summaries = readJson(containerListSchema, expect(200, answer)) ?? [];
      const ids = new Map<string, ImageId>();
      for (const name of new Set(summaries.flatMap(namesToResolve))) {
        const id = await resolve(name, signal);
        if (id !== undefined) ids.set(name, id);
      }
      return summaries.map((summary) => containerFromSummary(summary, (name) => ids.get(name)));
    },

    async inspectImage(id, signal) {
      const details = await inspect(id, signal);
      return details && imageFromDetails(details);
    },

    async layerSizes(image, signal) {
      if (image.layers === undefined) return undefined;
      const answer = await ask({ method: 'GET', path: `/images/${pathOf(image.id)}/history` }, signal);
      if (isNotFound(answer)) return undefined;
      const steps = readJson(imageHistorySchema, expect(200, answer)) ?? [];
      return layerSizes(
        steps.map((step) => step.Size ?? 0),
        image.layers.length,
      );
    },

    async followEvents(sinceMs, follower, signal) {
      if (apiVersion === undefined) throw connectFirst();
      const request = {
        method: 'GET' as const,
        path: `/v${apiVersion}/events`,
        query: { since: (Math.floor(sinceMs) / 1000).toFixed(3), filters: eventFilters },
      };
      const answer = await client.stream(request, eventReader(follower, client.endpoint), signal);
      if (answer !== undefined) throw refusal(answer);
      throw new EngineError('unreachable', `${client.endpoint}: the engine ended its stream of events.`);
    },

    async removeImage(target, { keepParents }, signal) {
      const query = { force: 'false', noprune: String(keepParents) };
      const path = `/images/${pathOf(nameOf(target))}`;
      const answer = await ask({ method: 'DELETE', path, query }, signal);
      if (isNotFound(answer)) return { outcome: 'not-found' };
      if (answer.status === 409) return { outcome: 'conflict', message: engineMessage(answer) };
      const steps = readJson(removalSchema, expect(200, answer)) ?? [];
      return {
        outcome: 'removed',
        untagged: steps.flatMap((step) => step.Untagged ?? []),
        deleted: steps.flatMap((step) => (step.Deleted ? [imageId(step.Deleted)] : [])),
      };
    },

    async tagImage(id, reference, signal) {
      const query = splitReference(reference);
      expect(201, await ask({ method: 'POST', path: `/images/${pathOf(id)}/tag`, query }, signal));
    },
  };
}

function connectFirst(): Error {
  return new Error('connect() comes before every other question to an engine');
}

function expect(status: number, answer: HttpAnswer): HttpAnswer {
  if (answer.status !== status) throw refusal(answer);
  return answer;
}

function nameOf(target: RemovalTarget): string {
  return target.by === 'id' ? target.id : target.reference;
}

/**
 * A name as a part of the path, encoded as Docker's own client does: `/`, `:` and `@` stay, which is what the filters
 * of socket proxies are written for.
 */
function pathOf(name: string): string {
  // An empty name would turn a question about one image into one about the collection.
  if (name === '') throw new EngineError('failed', 'an image without a name was asked for');
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

/** The colon of a tag comes after the last slash; one before it belongs to the registry's port. */
function splitReference(reference: string): { repo: string; tag: string } {
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon < 0 || reference.includes('@')) {
    throw new EngineError('failed', `cannot give an image the name ${reference}: it is not repository:tag`);
  }
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
