/**
 * What `--json` prints, field by field, each with its meaning and its unit. Checked by the types of the code that prints
 * it; the schemas in docs/schema/ and docs/json.md are made from here.
 */
import type { Cut, LimitName } from '../../src/core/plan/deletion-budget.ts';
import type { Forecast } from '../../src/core/model/forecast.ts';
import type { KeepCode } from '../../src/core/eligible/images.ts';
import type { SpaceByKind, SpaceKind } from '../../src/core/model/space-kinds.ts';
import type { Amount, Gauge, Resource, Thresholds } from '../../src/core/model/thresholds.ts';
import type { UnitKind } from '../../src/core/forest/removable.ts';
import type { DataRootFinding } from '../../src/disk/data-root.ts';
import type { EngineInfo } from '../../src/engine/engine.ts';
import type { Figures } from '../../src/simulate/replay/figures.ts';
import type { SimulatedNode } from '../../src/simulate/simulate.ts';
import type {
  OneRunJson,
  Run,
  RunsJson,
  BoundJson,
  SimulateJson,
  TraceFigures,
} from '../../src/simulate/report/json.ts';
import type { usageJson } from '../../src/surfaces/json/look.ts';
import type { SweepReport, StopReason } from '../../src/events/events.ts';
import type { UnusedReport } from '../../src/events/sweep-events.ts';
import type { CleanJson } from '../../src/surfaces/json/clean.ts';
import type { PlanJson } from '../../src/surfaces/json/plan.ts';
import type { StatusJson } from '../../src/surfaces/json/status.ts';
import { stopReasons } from '../../src/events/stop-reasons.ts';
import {
  type Described,
  either,
  list,
  object,
  oneOf,
  optional,
  orNull,
  real,
  signed,
  text,
  time,
  whole,
  yes,
} from './described.ts';

const amount = (description: string): Described<Amount> =>
  object<Amount>(description, { bytes: whole('bytes'), inodes: whole('inodes') });

const engine = object<EngineInfo>('the engine, as it speaks of itself', {
  name: text('for people, e.g. `Docker Engine`'),
  version: text("the engine's version"),
  apiVersion: text('the API version that both speak, e.g. `1.41`'),
  rootDirectory: optional(text('where it says it keeps its data, as a path that it sees')),
  storageDriver: optional(text("the storage driver's name, e.g. `overlay2`")),
  hostName: optional(text('the name of the host that it runs on')),
  endpoint: text('its address, as configured'),
  storeDirectory: optional(text('the folder of its image store, as a path that it sees')),
  storeUsage: optional(amount('what it says that its image store takes; some seconds old')),
});

type UsageJson = ReturnType<typeof usageJson>;

const gauge = (description: string): Described<Gauge & { readonly percentUsed: number }> =>
  object<Gauge & { readonly percentUsed: number }>(description, {
    total: whole('the size'),
    available: whole('what an unprivileged process may still take'),
    reserved: optional(whole('free, but for root only; left out where that is not known')),
    percentUsed: real('percent that is not available'),
  });

const usage = object<UsageJson>('the filesystem below the path, now', {
  path: text('the path that was measured'),
  used: real('what is compared with the thresholds, in `unit`'),
  unit: oneOf<UsageJson['unit']>('the unit of `used` and of the thresholds', {
    percent: 'of the filesystem (relative mode)',
    bytes: 'below the path (absolute mode), or available on the filesystem (free mode)',
  }),
  resource: oneOf<Resource>('the fuller resource', { bytes: 'blocks', inodes: 'inodes' }),
  bytes: gauge('the filesystem by blocks, in bytes'),
  inodes: orNull(gauge('the filesystem by inodes; null where it counts none')),
  allocated: orNull(
    amount(
      'what thresholds in bytes are compared with: allocated below the path, or all images; null in relative mode',
    ),
  ),
});

const thresholdType = (description: string): Described<Thresholds['type']> =>
  oneOf<Thresholds['type']>(description, {
    relative: 'percent',
    absolute: 'bytes below the path',
    images:
      'bytes of all images as the engine counts them; with `high` at its largest and `low` 0 the look is at all that may go, because the disk is elsewhere',
    free: 'available bytes: `high` is the smaller number',
  });

const thresholds = object<Thresholds>('the thresholds', {
  type: thresholdType('the unit'),
  high: real('a sweep begins at or above it'),
  low: real('a sweep ends below it'),
});

const place = {
  layerSource: text('where the sizes of layers are from, a sentence'),
  dataRoot: orNull(
    object<DataRootFinding>("what speaks against the path being the engine's; null when nothing does", {
      code: oneOf<DataRootFinding['code']>('what was found', {
        'another-folder': "the engine's images lie elsewhere on the same filesystem",
        'another-filesystem': 'they lie on another filesystem',
        unknown: 'they are not below the path, and where they are cannot be seen',
      }),
      message: text('the same for people, with what to do'),
    }),
  ),
};
const window = orNull(
  object<NonNullable<PlanJson['window']>>(
    'when sweeps may begin (`WINDOW`); null where they may at any time',
    {
      hours: text('days and hours'),
      timeZone: text('whose clock'),
      open: yes('they may begin now; closed, they do at the critical threshold only'),
      changesAt: orNull(time('when it closes, or opens; null where it never does')),
    },
  ),
);
const triggered = yes('usage is at HIGH or above: the daemon would sweep now');

const kind = oneOf<UnitKind>('what it is', {
  image: 'an image',
  'build-cache': 'a record of the build cache',
  'stopped-container': 'a stopped container',
});
const id = text("the engine's ID");
const names = list<string>("an image's names, a record's description, a container's name", text('a name'));
const sizeBytes = whole("the engine's figure in bytes, shared parts included");
const reason = text('why, one line for people');

const keepCodes: Readonly<Record<KeepCode, string>> = {
  'in-use': 'a container holds it, in whatever state',
  'static-pod': 'a container of a static pod holds it',
  'child-stays': 'what stands on it stays',
  intermediate: 'an untagged step of a build, deleted with the last image built on it',
  'frees-nothing': 'it could go, but frees nothing that is scarce',
  'not-needed': 'it could go, but need not',
  managed: 'a stopped container that somebody may bring back',
  'stopped-recently': 'a container that stopped not long ago',
  'never-started': 'a container that was created and not started yet',
  'not-cleaned': '`CLEAN` does not name its kind',
  refused: 'the engine, or a look right before the deletion, kept it',
  pinned: 'the engine was told to keep it',
  'sandbox-image': 'every pod needs it',
  elsewhere: 'it is in another, read-only store than the one that is cleaned',
  'keep-label': 'its label says so',
  'keep-pattern': '`KEEP` names it',
  'min-age': 'it arrived not long ago',
  'keep-last': 'it is among the newest of its repository',
  'used-lately': 'it is not known to have been unused for as long as `clean --unused-for` says',
};

const victims = list<PlanJson['victims'][number]>(
  'what would go, in order',
  object<PlanJson['victims'][number]>('a victim', {
    kind,
    id,
    references: names,
    sizeBytes,
    keepParents: yes('an untagged build step below it is protected and kept'),
    predictedBytes: whole('bytes that its deletion frees, after those before it'),
    predictedInodes: whole('the same in inodes'),
    reason,
  }),
);
const predicted = object<PlanJson['predicted']>('what all of it comes to, computed', {
  freedBytes: whole('bytes that all victims free'),
  freedInodes: whole('the same in inodes'),
  used: real('what `usage.used` would be afterwards'),
  reachesLow: yes('that is below LOW'),
});

/** `plan --json`, `/api/plan.json`. */
export const planSchema: Described<PlanJson> = object<PlanJson>(
  'What a sweep that begins now would delete, in order, and what it would keep.',
  {
    engine,
    usage,
    ...place,
    thresholds,
    triggered,
    window,
    unused: orNull(
      object<NonNullable<PlanJson['unused']>>(
        'what is deleted for being unused, whatever the disk says (`MAX_UNUSED_SECONDS`); null where that is off',
        {
          maxUnusedSeconds: real('the setting'),
          missingSeconds: real(
            'how much longer image use must be tracked before anything is deleted; 0: long enough',
          ),
          victims,
          freedBytes: whole('bytes that all of them free'),
        },
      ),
    ),
    victims,
    kept: list<PlanJson['kept'][number]>(
      'everything that would stay',
      object<PlanJson['kept'][number]>('something that stays', {
        kind,
        id,
        references: names,
        sizeBytes,
        code: oneOf<KeepCode>('why', keepCodes),
        reason,
      }),
    ),
    unmatchedKeep: list<string>('patterns of `KEEP` that no image here matches', text('a pattern')),
    predicted,
    cut: orNull(
      object<Cut>(
        'where a circuit breaker would end the sweep (of `atHigh` where that is there); null where none would. What a daemon has freed in the past hour counts only in what the daemon itself answers',
        {
          limit: oneOf<LimitName>('which one', {
            'deletions-per-sweep': '`MAX_DELETIONS_PER_SWEEP`',
            'freed-per-hour': '`MAX_FREED_PER_HOUR`',
          }),
          victims: whole('how many of the victims that sweep would delete'),
          reason: text('the same for people'),
        },
      ),
    ),
    atHigh: orNull(
      object<NonNullable<PlanJson['atHigh']>>(
        'the same at the high threshold, where usage is below the low one',
        { victims, predicted },
      ),
    ),
  },
);

const spaceKinds: Readonly<Record<SpaceKind, string>> = {
  imagesInUse: 'layers of images that containers hold',
  imagesUnused: 'layers of images that none holds',
  buildCache: 'the build cache',
  containerLayers: 'what containers wrote',
  containerLogs: 'logs of containers',
  volumesInUse: 'volumes that containers mount',
  volumesUnused: 'volumes that none mounts',
  leftovers: 'folders of layers, containers or builds that nothing refers to any more',
  beingWritten: 'a pull or build under way',
  engine: "the engine's own files",
  unknown: 'below the path, where the store could not be read',
  notTheEngines: 'not below the path',
  reserved: 'free, but for root only',
  available: 'free',
};
/** What is counted twice goes off the engine's own files, and may be more than these: no bound below. */
const sweepReport = object<SweepReport>('the sweep, as `sweep.completed` has it', {
  dryRun: yes('never here'),
  deletedImages: whole('images that are gone'),
  deletedCacheRecords: whole('build-cache records that are gone'),
  deletedContainers: whole('stopped containers that are gone'),
  failedDeletions: whole('deletions that were tried and did not happen'),
  freedBytes: whole('what the filesystem gained, measured; 0 where others wrote more meanwhile'),
  freedInodes: whole('the same in inodes'),
  grownBytes: whole('how much more is used than before, where others wrote more than was freed; else 0'),
  grownInodes: whole('the same in inodes'),
  outstandingBytes: whole('what should have been freed besides, and the filesystem did not show in time'),
  outstandingInodes: whole('the same in inodes'),
  predictedBytes: whole('what the plan predicted for what was deleted'),
  usedBefore: real('usage, in the unit of the target'),
  usedAfter: real('the same at the end'),
  thresholdType: thresholdType('the unit of the target'),
  durationSeconds: real('from the plan to the last measurement'),
  reachedLow: yes('the target is reached'),
  stoppedBecause: oneOf<StopReason>('why the sweep ended', stopReasons),
  remaining: list<string>(
    'where the space is instead; empty when the target was reached',
    text('a sentence'),
  ),
});

/** `clean --json`. */
const unusedReport = object<UnusedReport>('as `max-unused.completed` has it', {
  dryRun: yes('never here'),
  deletedImages: whole('images that are gone'),
  failedDeletions: whole('deletions that were tried and did not happen'),
  freedBytes: whole('what the filesystem gained, measured; 0 where others wrote more meanwhile'),
  freedInodes: whole('the same in inodes'),
  grownBytes: whole('how much more is used than before, where others wrote more than was freed; else 0'),
  grownInodes: whole('the same in inodes'),
  durationSeconds: real('from the plan to the last measurement'),
  endedBecause: oneOf<UnusedReport['endedBecause']>('why it ended', {
    done: 'nothing is left to do',
    changed: 'protections changed; never here',
    stopped: 'a signal',
    limit: 'a limit on deletions',
    denied: 'the engine forbids deletions',
    unanswered: 'the engine does not answer',
  }),
});

export const cleanSchema: Described<CleanJson> = object<CleanJson>(
  'What `clean` was to delete, and what it deleted.',
  {
    plan: {
      ...planSchema,
      description: 'the plan, as `plan --json` prints it, with the target as threshold',
    },
    report: orNull({
      ...sweepReport,
      description: 'the sweep; null where there was nothing to do, or nobody wanted it',
    }),
    unused: orNull({
      ...unusedReport,
      description:
        'the same of `--unused-for` without a target, which deletes all of those images; else null',
    }),
    deleted: list<CleanJson['deleted'][number]>(
      'what is gone, in order',
      object<CleanJson['deleted'][number]>('one deletion', {
        id,
        references: names,
        freedBytes: whole('what the filesystem gained, measured'),
      }),
    ),
  },
);

const spaceParts = Object.fromEntries(
  Object.entries(spaceKinds).map(([name, meaning]) => [
    name,
    object<Amount>(meaning, { bytes: signed('bytes'), inodes: signed('inodes') }),
  ]),
) as Readonly<Record<SpaceKind, Described<Amount>>>;

type ImageJson = StatusJson['images'][number];

/** `status --json`, `/api/status.json`. */
export const statusSchema: Described<StatusJson> = object<StatusJson>(
  'The disk against the thresholds, where its space is, and every image.',
  {
    engine,
    usage,
    thresholds,
    triggered,
    window,
    unused: orNull(
      object<NonNullable<StatusJson['unused']>>(
        'what `MAX_UNUSED_SECONDS` calls for; null where that is off',
        {
          maxUnusedSeconds: real('the setting'),
          missingSeconds: real(
            'how much longer image use must be tracked before anything is deleted; 0: long enough',
          ),
          images: whole(
            'deletable images that were unused for longer: they are deleted whatever the disk says',
          ),
          freedBytes: whole('bytes that all of them free'),
        },
      ),
    ),
    forecast: orNull(
      object<Forecast>(
        'when the filesystem will be full at the rate of the recent past; null where that cannot be known: it takes a past (`--watch`, the daemon, or its STATE_FILE)',
        {
          resource: oneOf<Resource>('what will be used up first', { bytes: 'blocks', inodes: 'inodes' }),
          seconds: real('in how many seconds nothing of it will be available'),
          earliestSeconds: real('the same with the fastest rate within two standard errors'),
          latestSeconds: real('the same with the slowest one'),
          rate: real('bytes or inodes a second'),
          observedSeconds: real('how far back it looked'),
        },
      ),
    ),
    ...place,
    space: orNull(
      object<SpaceByKind>('the whole filesystem by kind; null where it cannot be told', {
        path: text('the path'),
        total: amount("the filesystem's size; `inodes` is 0 where it counts none"),
        parts: object<SpaceByKind['parts']>('every kind; the parts sum to `total`', spaceParts),
        leftovers: list<string>('the folders that nothing refers to', text('an absolute path')),
        unusedVolumes: list<string>('the volumes that no container mounts', text('a name')),
      }),
    ),
    spaceProblem: orNull(text('why it cannot be told; null where it can')),
    images: list<ImageJson>(
      'every image, the largest first',
      object<ImageJson>('an image', {
        id,
        tags: list<string>('its names', text('`repository:tag`')),
        digests: list<string>('its digests', text('`repository@sha256:…`')),
        parentId: orNull(text('the image that the classic builder made it from, on this host')),
        sizeBytes,
        uniqueBytes: whole('bytes of layers that no other image has'),
        uniqueInodes: whole('inodes of these'),
        sharedBytes: whole('bytes of layers that others have, too'),
        sharedInodes: whole('inodes of these'),
        exact: yes('measured on the disk; else estimated from sizes that the engine gives'),
        createdAt: orNull(time('when it was built; null where the engine does not say')),
        appearedAt: orNull(time('when it arrived on this host; null where the disk does not tell')),
        ageSeconds: orNull(real('seconds since it was built')),
        inUse: yes('a container holds it'),
        usedBy: list<ImageJson['usedBy'][number]>(
          'the containers that hold it',
          object<ImageJson['usedBy'][number]>('a container', {
            id,
            name: text("the container's name"),
            state: text('e.g. `running`, `exited`; all of them hold'),
          }),
        ),
      }),
    ),
  },
);

const trace = object<TraceFigures>('what was replayed', {
  uses: whole('launches of containers'),
  images: whole('different images'),
  layers: whole('different layers'),
  distinctBytes: real('bytes of all layers, each once'),
});

const policies = list<Figures>(
  'a row for each policy, baseline and mark',
  object<Figures>('what one of them cost', {
    policy: text('its name'),
    isReference: yes('a baseline or the clairvoyant mark: nothing that can be set'),
    launches: whole('uses of an image'),
    misses: whole('launches of an image that was not there'),
    fetchedBytes: real('bytes fetched in all'),
    refetchedBytes: real('of these: layers that had been there before and were deleted'),
    launchesWaited: whole('launches that had to wait for bytes'),
    delayP50Seconds: real('how long half of these waited at most, in seconds'),
    delayP95Seconds: real('how long 95 of 100 of these waited at most, in seconds'),
    imagesDeleted: whole('images deleted'),
    sweeps: whole('sweeps'),
    sweepsAboveLow: whole('sweeps that ended at or above LOW'),
    deletedGently: whole('images deleted between the soft threshold and HIGH, without a cordon'),
    cordonedMinutes: real(
      'minutes that the sweeps would have taken: a fixed time each, 2 s an image, 1 s for each 500 MB',
    ),
    meanOvershootBytes: real('bytes below LOW at the end of a sweep, on average'),
    maxOvershootBytes: real('the same at most'),
    peakBytes: real('the most that was used'),
  }),
);
const boundList = list<BoundJson>(
  'what can be had at best, with every byte a page of its own and the future known',
  object<BoundJson>('a bound or a mark', {
    name: oneOf<BoundJson['name']>('which one', {
      relaxed: 'from HIGH to LOW as the daemon does: a mark, not a proven optimum',
      'lower-bound': 'always filled up to HIGH: no policy that is below HIGH after its sweeps fetches less',
    }),
    fetchedBytes: real('bytes fetched in all'),
    refetchedBytes: real('of these: what had been there before and was deleted'),
  }),
);
const sentences = list<string>('what it says, in sentences', text('a sentence'));
const setting = {
  type: oneOf<SimulatedNode['type']>('what the thresholds are', {
    relative: 'percent of the disk',
    absolute: 'bytes',
    free: 'bytes free: `high` is the smaller number',
    images: 'bytes of all images',
  }),
  capacityBytes: real('the size of the disk; with absolute thresholds `high` itself'),
  high: real('where a sweep begins, in percent or bytes'),
  low: real('below what a sweep ends, in percent or bytes'),
};

/** `simulate --json`. */
export const simulateSchema: Described<SimulateJson> = either(
  object<OneRunJson>('With one capacity and one pair of thresholds.', {
    trace,
    ...setting,
    policies,
    bounds: boundList,
    conclusion: sentences,
  }),
  object<RunsJson>('With several.', {
    trace,
    runs: list<Run>(
      'a run for each capacity and pair of thresholds',
      object<Run>('a run', { ...setting, policies, bounds: boundList, conclusion: sentences }),
    ),
  }),
);
