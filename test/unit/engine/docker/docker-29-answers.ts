/**
 * Answers of Docker Engine 29 from its documentation. Recorded from documentation, never from a running engine:
 * shapes and field names are the published ones, the values are ours. What is fed with them is the translation alone.
 *
 * Sources, as of November 2026:
 * - [history] docs.docker.com/reference/api/engine/version-history (moby `api/docs/CHANGELOG.md`)
 * - [v1.51], [v1.53] the API's definitions, moby `api/docs/v1.51.yaml` and `api/docs/v1.53.yaml`
 * - [matrix] docs.docker.com/reference/api/engine: which engine speaks which versions
 * - [store] docs.docker.com/storage/containerd: the containerd image store, the default of new installations since
 *   29.0
 */

export const indexDigest = `sha256:${'1'.repeat(64)}`;
export const manifestDigest = `sha256:${'2'.repeat(64)}`;
const attestationDigest = `sha256:${'3'.repeat(64)}`;
export const layerDigest = `sha256:${'4'.repeat(64)}`;
export const cacheRecordId = 'x7y8z9abcdefghijklmnopqrs';

const indexDescriptor = {
  mediaType: 'application/vnd.oci.image.index.v1+json',
  digest: indexDigest,
  size: 856,
};
const manifestDescriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: manifestDigest,
  size: 1024,
  platform: { os: 'linux', architecture: 'amd64' },
};

/** What an engine of the line refuses of an older client: `GET /v1.43/images/json` [matrix: minimum 1.44]. */
export const refusalOfOlder = {
  status: 400,
  message:
    'client version 1.43 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
};

/** `GET /version` of 29.0.0 [matrix]. */
export const version = {
  Platform: { Name: 'Docker Engine - Community' },
  Version: '29.0.0',
  ApiVersion: '1.52',
  MinAPIVersion: '1.44',
  Os: 'linux',
  Arch: 'amd64',
  Components: [
    { Name: 'Engine', Version: '29.0.0', Details: { ApiVersion: '1.52', MinAPIVersion: '1.44' } },
    { Name: 'containerd', Version: 'v2.1.5', Details: { GitCommit: 'unknown' } },
    { Name: 'runc', Version: '1.3.3', Details: { GitCommit: 'unknown' } },
  ],
};

/** `GET /info` of a new installation [store, history 1.46: `Containerd`]. */
export const info = {
  ServerVersion: '29.0.0',
  Driver: 'overlayfs',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  DockerRootDir: '/var/lib/docker',
  Containerd: {
    Address: '/run/containerd/containerd.sock',
    Namespaces: { Containers: 'moby', Plugins: 'plugins.moby' },
  },
};

/** `GET /info` of an installation that was upgraded: it keeps the store that it had [store]. */
export const infoAfterUpgrade = {
  ...info,
  Driver: 'overlay2',
  DriverStatus: [
    ['Backing Filesystem', 'extfs'],
    ['Supports d_type', 'true'],
  ],
};

/** One of `GET /v1.51/images/json`: what the engine is asked for [v1.51]. `VirtualSize` is gone since 1.44. */
export const imageSummary = {
  Id: indexDigest,
  ParentId: '',
  RepoTags: ['example.org/team/app:1'],
  RepoDigests: [`example.org/team/app@${indexDigest}`],
  Created: 1_700_000_000,
  Size: 172_064_416,
  SharedSize: -1,
  Labels: { 'docker-image-cleaner.keep': 'web' },
  Containers: 2,
  Descriptor: indexDescriptor,
};

/** The same as an engine may report it with all that later versions add [v1.53], and without what is empty. */
export const imageSummaryOfLater = {
  Id: indexDigest,
  Size: 172_064_416,
  SharedSize: -1,
  Containers: 0,
  Descriptor: indexDescriptor,
  Manifests: [
    {
      ID: manifestDigest,
      Descriptor: manifestDescriptor,
      Available: true,
      Kind: 'image',
      Size: { Content: 50_000_000, Total: 172_000_000 },
      ImageData: {
        Platform: { os: 'linux', architecture: 'amd64' },
        Containers: ['c'.repeat(64)],
        Size: { Unpacked: 122_000_000 },
      },
      Identity: { Pull: [{ Repository: 'example.org/team/app' }] },
    },
    {
      ID: attestationDigest,
      Descriptor: { ...manifestDescriptor, digest: attestationDigest },
      Available: true,
      Kind: 'attestation',
      Size: { Content: 9000, Total: 9000 },
      AttestationData: { For: manifestDigest },
    },
  ],
};

/**
 * `GET /images/{name}/json`: `Parent`, `Comment`, `DockerVersion`, `Author` and what is empty of `Config` are left out since
 * 1.52 [history]; `GraphDriver` may be missing, `Identity` is there since 1.53 [v1.53].
 */
export const imageDetails = {
  Id: indexDigest,
  Descriptor: indexDescriptor,
  Identity: { Build: [{ Ref: 'default/default/abc', CreatedAt: '2026-01-02T03:04:05Z' }] },
  RepoTags: ['example.org/team/app:1'],
  RepoDigests: [`example.org/team/app@${indexDigest}`],
  Created: '2023-11-14T22:13:20Z',
  Config: { Entrypoint: ['/app'] },
  Architecture: 'amd64',
  Os: 'linux',
  Size: 50_009_000,
  RootFS: { Type: 'layers', Layers: [layerDigest] },
  Metadata: { LastTagTime: '2026-01-02T03:04:05Z' },
};

/** One of `GET /containers/json`: the ID of its image is the index, the manifest is its platform's [history 1.48]. */
export const containerSummary = {
  Id: 'c'.repeat(64),
  Names: ['/web'],
  Image: 'example.org/team/app:1',
  ImageID: indexDigest,
  ImageManifestDescriptor: manifestDescriptor,
  Created: 1_700_000_100,
  State: 'running',
  Status: 'Up 2 hours',
  Labels: {},
  Mounts: [],
};

/** `GET /containers/{id}/json`: `Storage` in place of `GraphDriver` with that store [v1.53]. */
export const containerDetails = {
  Id: 'c'.repeat(64),
  Created: '2023-11-14T22:15:00Z',
  State: { Status: 'exited', Running: false, ExitCode: 0, FinishedAt: '2023-11-15T00:00:00Z' },
  Image: indexDigest,
  Name: '/web',
  ImageManifestDescriptor: manifestDescriptor,
  Storage: { RootFS: { Snapshot: { Name: 'overlayfs' } } },
  Config: { Labels: {} },
};

const cacheRecord = {
  ID: cacheRecordId,
  Parents: ['parent0000000000000000000'],
  Type: 'regular',
  Description: 'mount / from exec /bin/sh -c make',
  InUse: false,
  Shared: false,
  Size: 51,
  CreatedAt: '2026-01-02T03:04:05Z',
  LastUsedAt: '2026-01-02T04:04:05Z',
  UsageCount: 26,
};
const usage = { ActiveCount: 0, TotalCount: 1, Reclaimable: 51, TotalSize: 51 };

/** `GET /v1.51/system/df?type=build-cache`: what the engine is asked for [v1.51]. */
export const diskUsage = { BuildCache: [cacheRecord] };

/** The same in 1.52: old and new fields side by side, the new ones without their items [history]. */
export const diskUsageOf152 = {
  LayersSize: 0,
  BuildCache: [cacheRecord],
  ImageUsage: usage,
  BuildCacheUsage: usage,
};

/** The same with `verbose=1`, or since 1.53: the new fields alone [history, v1.53]. */
export const diskUsageOf153 = {
  ImageUsage: usage,
  ContainerUsage: usage,
  VolumeUsage: usage,
  BuildCacheUsage: { ...usage, Items: [cacheRecord] },
};

/** One of `GET /events`: `status`, `id` and `from` are left out since 1.52 [history]. */
export const event = {
  Type: 'container',
  Action: 'create',
  Actor: { ID: 'c'.repeat(64), Attributes: { image: 'example.org/team/app:1', name: 'web' } },
  scope: 'local',
  time: 1_700_000_000,
  timeNano: 1_700_000_000_000_000_000,
};
