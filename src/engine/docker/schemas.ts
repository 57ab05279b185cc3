/**
 * The parts of the Docker Engine API's answers that are used, from API 1.24 to today's. Fields that some version
 * leaves out may be missing or null; a field that is there must have its type, because a misread answer could make
 * an image in use look unused. Fields not named here are ignored.
 */
import * as v from 'valibot';
import { keepLabel } from '../../core/eligible/rules.ts';

const text = v.nullish(v.string());
const count = v.nullish(v.number());
const texts = v.nullish(v.array(v.string()));
const labels = v.nullish(v.record(v.string(), v.string()));

/** `GET /version`. `MinAPIVersion` since API 1.25, `Platform` and `Components` since 1.35. */
export const versionSchema = v.object({
  Version: text,
  ApiVersion: text,
  MinAPIVersion: text,
  Platform: v.nullish(v.object({ Name: text })),
  Components: v.nullish(v.array(v.object({ Name: text }))),
});
export type VersionAnswer = v.InferOutput<typeof versionSchema>;

/** `GET /info`. `Containerd` since API 1.46. */
export const infoSchema = v.object({
  ServerVersion: text,
  Name: text,
  DockerRootDir: text,
  Driver: text,
  DriverStatus: v.nullish(v.array(v.array(v.string()))),
  Containerd: v.nullish(v.object({ Address: text })),
});
export type InfoAnswer = v.InferOutput<typeof infoSchema>;

/** As the API takes it back: `variant` belongs to some architectures. */
const platformSchema = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.optional(v.string()),
});
export type Platform = v.InferOutput<typeof platformSchema>;

/**
 * One of `GET /images/json`. `Manifests` where they are asked for, since API 1.47. `VirtualSize` until API 1.43; `RepoTags` null or `["<none>:<none>"]` until 1.42;
 * `ParentId` may be missing since 1.52; `Created` may be missing since 1.44.
 */
export const imageSummarySchema = v.object({
  Id: v.pipe(v.string(), v.nonEmpty()),
  ParentId: text,
  RepoTags: texts,
  RepoDigests: texts,
  Created: count,
  Size: count,
  VirtualSize: count,
  Labels: labels,
  Manifests: v.nullish(
    v.array(
      v.object({
        Kind: text,
        Available: v.nullish(v.boolean()),
        ImageData: v.nullish(v.object({ Platform: v.nullish(platformSchema) })),
      }),
    ),
  ),
});
export type ImageSummary = v.InferOutput<typeof imageSummarySchema>;
export const imageListSchema = v.nullable(v.array(imageSummarySchema));

/** `GET /images/{name}/json`. `LastTagTime`: when it last got a name on this host, also by a pull or a load; year 1: never. */
export const imageDetailsSchema = v.object({
  Id: v.pipe(v.string(), v.nonEmpty()),
  Parent: text,
  RepoTags: texts,
  RepoDigests: texts,
  Created: text,
  Size: count,
  VirtualSize: count,
  Config: v.nullish(v.object({ Labels: labels })),
  RootFS: v.nullish(v.object({ Layers: texts })),
  Metadata: v.nullish(v.object({ LastTagTime: text })),
});
export type ImageDetails = v.InferOutput<typeof imageDetailsSchema>;

/** One of `GET /containers/json`. Mounts of type `image` and `ImageManifestDescriptor` since API 1.48. */
export const containerSummarySchema = v.object({
  Id: v.pipe(v.string(), v.nonEmpty()),
  Names: texts,
  Image: text,
  ImageID: text,
  ImageManifestDescriptor: v.nullish(v.object({ digest: text })),
  Created: count,
  State: text,
  Labels: labels,
  Mounts: v.nullish(v.array(v.object({ Type: text, Name: text, Source: text }))),
});
export type ContainerSummary = v.InferOutput<typeof containerSummarySchema>;
export const containerListSchema = v.nullable(v.array(containerSummarySchema));

/** The answer to `DELETE /images/{name}`. */
export const removalSchema = v.nullable(v.array(v.object({ Untagged: text, Deleted: text })));

/** `GET /images/{name}/history`, the newest step first. `Size` is 0 for a step that made no layer. */
export const historySchema = v.nullable(v.array(v.object({ Size: count })));

/**
 * `GET /containers/{id}/json`. `FinishedAt` is year 1 where it never ran; `Error` says why a start failed. `SizeRw` where
 * `size` is asked for; -1 where counting failed.
 */
export const containerDetailsSchema = v.object({
  Id: v.pipe(v.string(), v.nonEmpty()),
  Name: text,
  Image: text,
  Created: text,
  State: v.object({
    Status: v.pipe(v.string(), v.nonEmpty()),
    FinishedAt: text,
    Error: text,
    ExitCode: count,
  }),
  HostConfig: v.nullish(v.object({ RestartPolicy: v.nullish(v.object({ Name: text })) })),
  Config: v.nullish(v.object({ Labels: labels })),
  SizeRw: count,
});
export type ContainerDetailsAnswer = v.InferOutput<typeof containerDetailsSchema>;

/**
 * A record of the build cache in `GET /system/df` (since API 1.31, `ID` since 1.39). Its parents are documented as `Parents`
 * since API 1.42, before as `Parent`; engines 23 to 29 write the key with a leading blank (moby's struct tag
 * `json:" Parents,omitempty"`).
 */
const cacheRecordSchema = v.object({
  ID: v.pipe(v.string(), v.nonEmpty()),
  Parent: text,
  Parents: texts,
  ' Parents': texts,
  Type: text,
  Description: text,
  InUse: v.boolean(),
  Size: count,
  CreatedAt: text,
  LastUsedAt: text,
});
export type CacheRecordAnswer = v.InferOutput<typeof cacheRecordSchema>;

/**
 * `GET /system/df`. `BuildCache` and `LayersSize` until API 1.52; since 1.52 also, by the documentation since 1.53 only, as
 * `BuildCacheUsage` and `ImageUsage` (29.7 answers both, up to 1.55).
 */
export const diskUsageSchema = v.object({
  LayersSize: count,
  ImageUsage: v.nullish(v.object({ TotalSize: count })),
  BuildCache: v.nullish(v.array(cacheRecordSchema)),
  BuildCacheUsage: v.nullish(v.object({ Items: v.nullish(v.array(cacheRecordSchema)) })),
});
export type DiskUsageAnswer = v.InferOutput<typeof diskUsageSchema>;

/** The answer to `POST /build/prune`. */
export const buildPruneSchema = v.object({ CachesDeleted: texts });
/**
 * One of `GET /events`. `status`, `id` and `from` alone until API 1.22 and in some engines that only imitate Docker;
 * gone since 1.52. `timeNano` is larger than a JavaScript number can hold exactly: good for comparing, not for counting.
 */
export const eventSchema = v.object({
  Type: text,
  Action: text,
  Actor: v.nullish(v.object({ ID: text, Attributes: v.nullish(v.record(v.string(), v.unknown())) })),
  status: text,
  id: text,
  from: text,
  time: count,
  timeNano: count,
});
export type EventMessage = v.InferOutput<typeof eventSchema>;

/** Every error that the engine gives as JSON. */
export const errorSchema = v.object({ message: v.string() });

/**
 * The keys that anybody reads of what can be large: lists, details, the history. Of labels the one that protects.
 */
export function wantedKeys(): ReadonlySet<string> {
  const keys = new Set<string>([keepLabel]);
  const schemas: object[] = [
    versionSchema,
    infoSchema,
    imageListSchema,
    imageDetailsSchema,
    containerListSchema,
    containerDetailsSchema,
    historySchema,
    diskUsageSchema,
    buildPruneSchema,
    removalSchema,
    errorSchema,
  ];
  // The list grows while it is gone through.
  for (const schema of schemas) {
    const { entries = {}, item, wrapped }: Inspectable = schema;
    for (const [key, member] of Object.entries(entries)) {
      keys.add(key);
      schemas.push(member);
    }
    for (const inner of [item, wrapped]) if (inner !== undefined) schemas.push(inner);
  }
  return keys;
}

/** What valibot's schemas of objects, arrays and nullable values say about their contents. */
interface Inspectable {
  readonly entries?: Readonly<Record<string, object>>;
  readonly item?: object;
  readonly wrapped?: object;
}
