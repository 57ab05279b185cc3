/**
 * The Docker Engine API as an Engine, versions 1.24 to today's.
 * Source of the facts: the API's version history in its documentation, and the real engines of test/engine.
 */
import type * as v from 'valibot';
import type { Image, ImageId } from '../../core/model/store.ts';
import type { EngineAddress } from '../address.ts';
import { EngineError, type Engine } from '../engine.ts';
import { engineMessage, isNotFound, readJson, refusal } from './answers.ts';
import { connect } from './connect.ts';
import { ContainerSizes } from './container-sizes.ts';
import { FIRST_PLATFORMS, ForeignImages } from './foreign-images.ts';
import { InspectedImages } from './inspected-images.ts';
import { dockerDialect } from './dialect.ts';
import { eventFilters, eventReader } from './event-stream.ts';
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http/client.ts';
import { nameOf, pathOf, splitReference } from './names.ts';
import { compareApiVersions } from './negotiate.ts';
import { RecentMap } from './recent-map.ts';
import {
  buildPruneSchema,
  containerDetailsSchema,
  containerListSchema,
  diskUsageSchema,
  historySchema,
  imageDetailsSchema,
  imageListSchema,
  removalSchema,
  type ContainerDetailsAnswer,
  type DiskUsageAnswer,
  type ImageDetails,
  wantedKeys,
  type ImageSummary,
} from './schemas.ts';
import {
  cacheRecordsFrom,
  imagesBytesFrom,
  containerFromDetails,
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
  arrivalFromDetails,
  imageId,
  type NamedImage,
  layerSizes,
  namesToResolve,
} from './translate.ts';

export interface DockerEngineOptions {
  /** For one request, to the end of its answer. */
  readonly timeoutMs: number;
}

/**
 * The first API version whose `POST /build/prune` has filters (Docker 18.09). Older ones ignore them and would prune
 * everything, so they are never asked.
 */
const FIRST_BUILD_FILTERS = '1.39';
/** The first API version whose `GET /system/df` can be asked for a part. */
const FIRST_DISK_USAGE_TYPES = '1.42';
/** A record's ID as BuildKit makes it. The filter treats it as a pattern, so a shorter one could match others and is never sent. */
const CACHE_RECORD_ID = /^[a-z0-9]{20,64}$/;

type Query = Readonly<Record<string, string>>;

/** Nothing is asked of the engine before `connect`. */
export function createDockerEngine(address: EngineAddress, options: DockerEngineOptions): Engine {
  const client = createHttpClient(address, { ...options, wantedKeys });
  let apiVersion: string | undefined;
  let dialect = dockerDialect;
  const toldSizes = new RecentMap<ImageId, readonly number[]>();
  const inspected = new InspectedImages();
  const foreign = new ForeignImages();
  let isContainerdStore = false;
  const containerSizes = new ContainerSizes();

  function speaks(version: string): boolean {
    return apiVersion !== undefined && compareApiVersions(apiVersion, version) >= 0;
  }

  /** @param path below the version, e.g. `/images/json`. */
  async function ask(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    if (apiVersion === undefined) throw connectFirst();
    return client.request({ ...request, path: `/v${apiVersion}${request.path}` }, signal);
  }

  /** @throws EngineError also where what was asked about is not there. */
  async function get<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    signal: AbortSignal,
    query: Query = {},
  ): Promise<T> {
    return readJson(schema, expect(200, await ask({ method: 'GET', path, query }, signal)));
  }

  /** Undefined where what was asked about is not there. */
  async function find<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    signal: AbortSignal,
    query: Query = {},
  ): Promise<T | undefined> {
    const answer = await ask({ method: 'GET', path, query }, signal);
    return isNotFound(answer) ? undefined : readJson(schema, expect(200, answer));
  }

  async function list(query: Query, signal: AbortSignal): Promise<readonly ImageSummary[]> {
    return (await get(imageListSchema, '/images/json', signal, query)) ?? [];
  }

  async function inspect(
    name: string,
    signal: AbortSignal,
    query?: Query,
  ): Promise<ImageDetails | undefined> {
    return await find(imageDetailsSchema, `/images/${pathOf(name)}/json`, signal, query);
  }

  async function inspectImage(id: ImageId, signal: AbortSignal): Promise<Image | undefined> {
    const details = await inspect(id, signal);
    if (details === undefined) return undefined;
    const image = imageFromDetails(details, dialect);
    inspected.learn(image, details);
    return image;
  }

  /** What takes space, of one kind; engines before the filter report all kinds. */
  async function diskUsage(type: 'image' | 'build-cache', signal: AbortSignal): Promise<DiskUsageAnswer> {
    return await get(diskUsageSchema, '/system/df', signal, speaks(FIRST_DISK_USAGE_TYPES) ? { type } : {});
  }

  /** The image behind a name as somebody typed it: `busybox`, a short ID. */
  async function resolve(name: string, signal: AbortSignal): Promise<NamedImage | undefined> {
    try {
      const details = await inspect(name, signal);
      return details && { id: imageId(details.Id), taggedAtMs: arrivalFromDetails(details) };
    } catch (error) {
      // Not a name by the engine's grammar (400): one container's oddity must not hide all the others.
      if (error instanceof EngineError && error.code === 'failed' && error.status === 400) return undefined;
      throw error;
    }
  }

  return {
    endpoint: client.endpoint,
    capabilities: { refusesImagesInUse: true, namesOneByOne: true },

    async connect(signal) {
      const connected = await connect(client, signal);
      ({ dialect } = connected);
      ({ apiVersion } = connected.info);
      isContainerdStore = connected.info.storeDirectory !== undefined;
      return connected.info;
    },

    async ping(signal) {
      expect(200, await client.request({ method: 'GET', path: '/_ping' }, signal));
    },

    async listImages(signal) {
      const images = (await list({ all: '1' }, signal)).map((image) => imageFromSummary(image, dialect));
      if (!isContainerdStore || !speaks(FIRST_PLATFORMS)) return images;
      return await foreign.complete(images, {
        manifests: () => list({ all: '1', manifests: '1' }, signal),
        inspect: (id, platform) => inspect(id, signal, { platform: JSON.stringify(platform) }),
      });
    },

    async listContainers(signal) {
      // Never size=1: the engine would walk every container's files.
      const summaries = (await get(containerListSchema, '/containers/json', signal, { all: '1' })) ?? [];
      const named = new Map<string, NamedImage>();
      for (const name of new Set(summaries.flatMap(namesToResolve))) {
        const image = await resolve(name, signal);
        if (image !== undefined) named.set(name, image);
      }
      return summaries.map((summary) => containerFromSummary(summary, (name) => named.get(name)));
    },

    inspectImage,

    async layersOf(id, signal) {
      return inspected.find(id)?.layers ?? (await inspectImage(id, signal))?.layers;
    },

    async layerSizes({ id, sizeBytes, layers }, signal) {
      const known = toldSizes.get(id);
      if (known !== undefined) return known;
      const steps = await find(historySchema, `/images/${pathOf(id)}/history`, signal);
      if (steps === undefined) return undefined;
      const stepSizes = (steps ?? []).map(({ Size }) => Size ?? 0);
      const sizes = layerSizes(stepSizes, layers.length, sizeBytes);
      if (sizes === undefined) return undefined;
      toldSizes.set(id, sizes);
      return sizes;
    },

    async arrivedAtMs(image, signal) {
      return await inspected.arrivalOf(image, () => inspect(image.id, signal));
    },

    async inspectContainer(id, signal) {
      const details = await find(containerDetailsSchema, `/containers/${pathOf(id)}/json`, signal);
      return details && containerFromDetails(details);
    },

    async containerSize(container, signal) {
      const path = `/containers/${pathOf(container.id)}/json`;
      const question = (): Promise<ContainerDetailsAnswer | undefined> =>
        find(containerDetailsSchema, path, signal, { size: '1' });
      return await containerSizes.of(container, question, dialect.imageCopies);
    },

    async imagesBytes(signal) {
      // Podman adds up its images without regard to what they share.
      return dialect.countsLayersOnce ? imagesBytesFrom(await diskUsage('image', signal)) : undefined;
    },

    async listCacheRecords(signal) {
      return speaks(FIRST_BUILD_FILTERS) ? cacheRecordsFrom(await diskUsage('build-cache', signal)) : [];
    },

    async removeContainer(id, signal) {
      const query = { force: 'false', v: 'false', link: 'false' };
      const answer = await ask({ method: 'DELETE', path: `/containers/${pathOf(id)}`, query }, signal);
      if (isNotFound(answer)) return { outcome: 'not-found' };
      if (answer.status === 409) return { outcome: 'conflict', message: engineMessage(answer) };
      expect(204, answer);
      return { outcome: 'removed' };
    },

    async removeCacheRecord(id, signal) {
      if (!speaks(FIRST_BUILD_FILTERS) || !CACHE_RECORD_ID.test(id)) {
        throw new EngineError(
          'failed',
          `the build-cache record ${JSON.stringify(id)} cannot be deleted alone`,
        );
      }
      // All: also those that share a layer with an image. The filter keeps it to the one.
      const query = { all: 'true', filters: JSON.stringify({ id: { [id]: true } }) };
      const answer = await ask({ method: 'POST', path: '/build/prune', query }, signal);
      const { CachesDeleted: deleted } = readJson(buildPruneSchema, expect(200, answer));
      return deleted?.includes(id) === true
        ? { outcome: 'removed' }
        : { outcome: 'conflict', message: 'the engine kept it: a build or another record holds it' };
    },

    async followEvents(sinceMs, follower, signal) {
      if (apiVersion === undefined) throw connectFirst();
      const request = {
        method: 'GET' as const,
        path: `/v${apiVersion}/events`,
        query: { since: (Math.floor(sinceMs) / 1000).toFixed(3), filters: eventFilters },
      };
      const answer = await client.stream(request, eventReader(follower, client.endpoint, dialect), signal);
      if (answer !== undefined) throw refusal(answer);
      throw new EngineError('unreachable', `${client.endpoint}: the engine closed its event stream.`);
    },

    async removeImage(target, { keepParents }, signal) {
      // Without build parents, what the engine would take along is nothing that the plan knows of.
      const noprune = keepParents || !dialect.tellsBuildParents;
      const query = { force: 'false', noprune: String(noprune) };
      const path = `/images/${pathOf(nameOf(target))}`;
      const answer = await ask({ method: 'DELETE', path, query }, signal);
      if (isNotFound(answer)) return { outcome: 'not-found' };
      if (answer.status === 409 || asksForForce(answer))
        return { outcome: 'conflict', message: engineMessage(answer) };
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

/** Podman refuses an ID with several names with status 500 (seen on 4.3 and 5.8), and only its text shows it. */
function asksForForce(answer: HttpAnswer): boolean {
  return answer.status === 500 && engineMessage(answer).includes('please force removal');
}
