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

const engine = object<EngineInfo>('as the engine reports itself', {
  name: text('e.g. `Docker Engine`'),
  version: text(''),
  apiVersion: text('the version in use, e.g. `1.41`'),
  rootDirectory: optional(text('its data directory, as the engine sees it')),
  storageDriver: optional(text('e.g. `overlay2`')),
  hostName: optional(text('')),
  endpoint: text('as configured'),
  storeDirectory: optional(text('of its image store, as the engine sees it')),
  storeUsage: optional(amount('of its image store; seconds old')),
});

type UsageJson = ReturnType<typeof usageJson>;

const gauge = (description: string): Described<Gauge & { readonly percentUsed: number }> =>
  object<Gauge & { readonly percentUsed: number }>(description, {
    total: whole(''),
    available: whole('to unprivileged processes'),
    reserved: optional(whole('free for root only')),
    percentUsed: real('not available'),
  });

const usage = object<UsageJson>('of the filesystem', {
  path: text('what was measured'),
  used: real('compared with the thresholds'),
  unit: oneOf<UsageJson['unit']>('of `used` and the thresholds', {
    percent: 'of the filesystem (relative mode)',
    bytes: 'below the path (absolute mode), or available on the filesystem (free mode)',
  }),
  resource: oneOf<Resource>('the fuller resource', { bytes: '', inodes: '' }),
  bytes: gauge(''),
  inodes: orNull(gauge('null where the filesystem counts none')),
  allocated: orNull(amount('below the path, or of all images; null in relative mode')),
});

const thresholdType = (description: string): Described<Thresholds['type']> =>
  oneOf<Thresholds['type']>(description, {
    relative: 'percent of the filesystem',
    absolute: 'bytes below the path',
    images: 'bytes of all images; `low` 0: the disk is elsewhere, and everything deletable is listed',
    free: 'bytes available; `high` is the smaller number',
  });

const thresholds = object<Thresholds>('', {
  type: thresholdType(''),
  high: real('a sweep begins here'),
  low: real('a sweep ends below it'),
});

const place = {
  layerSource: text('where layer sizes come from'),
  dataRoot: orNull(
    object<DataRootFinding>("why the path may not be the engine's; else null", {
      code: oneOf<DataRootFinding['code']>('', {
        'another-folder': 'the images are elsewhere on the same filesystem',
        'another-filesystem': 'they are on another filesystem',
        unknown: 'they are not below the path; where is unknown',
      }),
      message: text('for people, with what to do'),
    }),
  ),
};
const window = orNull(
  object<NonNullable<PlanJson['window']>>('`WINDOW`; null: any time', {
    hours: text('days and hours'),
    timeZone: text(''),
    open: yes('sweeps may begin now; closed: only at the critical threshold'),
    changesAt: orNull(time('when it opens or closes; null: never')),
  }),
);
const triggered = yes('usage has reached HIGH');

const kind = oneOf<UnitKind>('', {
  image: '',
  'build-cache': '',
  'stopped-container': '',
});
const id = text("the engine's ID");
const names = list<string>('names of an image or container, description of a record', text('a name'));
const sizeBytes = whole('as the engine counts, shared layers included');
const reason = text('for people');

const keepCodes: Readonly<Record<KeepCode, string>> = {
  'in-use': 'by a container in any state',
  'static-pod': 'by a container of a static pod',
  'child-stays': 'an image built on it is kept',
  intermediate: 'untagged build step, deleted with the last image built on it',
  'frees-nothing': 'deletable, but frees nothing that is scarce',
  'not-needed': 'LOW is reached without it',
  managed: 'container of Kubernetes, compose or swarm, or that restarts with the engine',
  'stopped-recently': 'less than `STOPPED_CONTAINER_AGE_SECONDS` ago',
  'never-started': 'created container',
  'not-cleaned': '`CLEAN` does not name its kind',
  refused: 'by the engine, or by the check before the deletion',
  pinned: 'in the runtime',
  'sandbox-image': 'needed by every pod',
  elsewhere: 'in another, read-only store',
  'keep-label': '',
  'keep-pattern': '`KEEP`',
  'min-age': '`MIN_AGE_SECONDS`',
  'keep-last': '`KEEP_LAST`',
  'used-lately': 'not known to be unused for `clean --unused-for`',
};

const victims = list<PlanJson['victims'][number]>(
  'to be deleted, in order',
  object<PlanJson['victims'][number]>('a victim', {
    kind,
    id,
    references: names,
    sizeBytes,
    keepParents: yes('a build step below it is protected'),
    predictedBytes: whole('freed after the victims before it'),
    predictedInodes: whole(''),
    reason,
  }),
);
const predicted = object<PlanJson['predicted']>('computed, not measured', {
  freedBytes: whole('by all victims'),
  freedInodes: whole(''),
  used: real('`usage.used` afterwards'),
  reachesLow: yes(''),
});

/** `plan --json`, `/api/plan.json`. */
export const planSchema: Described<PlanJson> = object<PlanJson>(
  'What a sweep would delete now, and what it would keep.',
  {
    engine,
    usage,
    ...place,
    thresholds,
    triggered,
    window,
    unused: orNull(
      object<NonNullable<PlanJson['unused']>>('`MAX_UNUSED_SECONDS`; null: off', {
        maxUnusedSeconds: real(''),
        missingSeconds: real('until image use has been tracked for long enough'),
        victims,
        freedBytes: whole(''),
      }),
    ),
    victims,
    kept: list<PlanJson['kept'][number]>(
      '',
      object<PlanJson['kept'][number]>('something that stays', {
        kind,
        id,
        references: names,
        sizeBytes,
        code: oneOf<KeepCode>('', keepCodes),
        reason,
      }),
    ),
    unmatchedKeep: list<string>('patterns of `KEEP` without an image', text('a pattern')),
    predicted,
    cut: orNull(
      object<Cut>(
        'where a circuit breaker would end the sweep; else null. Only the daemon knows what the past hour freed',
        {
          limit: oneOf<LimitName>('', {
            'deletions-per-sweep': '`MAX_DELETIONS_PER_SWEEP`',
            'freed-per-hour': '`MAX_FREED_PER_HOUR`',
          }),
          victims: whole('deleted before it'),
          reason: text('for people'),
        },
      ),
    ),
    atHigh: orNull(
      object<NonNullable<PlanJson['atHigh']>>('where usage is below LOW: the plan at HIGH; else null', {
        victims,
        predicted,
      }),
    ),
  },
);

const spaceKinds: Readonly<Record<SpaceKind, string>> = {
  imagesInUse: 'layers',
  imagesUnused: 'layers',
  buildCache: '',
  containerLayers: 'what they wrote',
  containerLogs: '',
  volumesInUse: '',
  volumesUnused: '',
  leftovers: 'folders that nothing refers to',
  beingWritten: 'by a pull or build',
  engine: "the engine's own files",
  unknown: 'below the path, unreadable',
  notTheEngines: 'not below the path',
  reserved: 'for root',
  available: '',
};
/** Double counts are subtracted from the engine's own files and may exceed them: no lower bound. */
const sweepReport = object<SweepReport>('', {
  dryRun: yes('always false'),
  deletedImages: whole(''),
  deletedCacheRecords: whole(''),
  deletedContainers: whole(''),
  failedDeletions: whole(''),
  freedBytes: whole('measured; 0 where others wrote more than was freed'),
  freedInodes: whole(''),
  grownBytes: whole('used more than before, where others wrote more than was freed'),
  grownInodes: whole(''),
  outstandingBytes: whole('freed, but not shown by the filesystem in time'),
  outstandingInodes: whole(''),
  predictedBytes: whole('for what was deleted'),
  usedBefore: real(''),
  usedAfter: real(''),
  thresholdType: thresholdType(''),
  durationSeconds: real(''),
  reachedLow: yes('target reached'),
  stoppedBecause: oneOf<StopReason>('', stopReasons),
  remaining: list<string>('where the space is instead', text('a sentence')),
});

/** `clean --json`. */
const unusedReport = object<UnusedReport>('', {
  dryRun: yes('always false'),
  deletedImages: whole(''),
  failedDeletions: whole(''),
  freedBytes: whole('measured; 0 where others wrote more than was freed'),
  freedInodes: whole(''),
  grownBytes: whole('used more than before, where others wrote more than was freed'),
  grownInodes: whole(''),
  durationSeconds: real(''),
  endedBecause: oneOf<UnusedReport['endedBecause']>('', {
    done: '',
    changed: 'never here',
    stopped: 'by a signal',
    limit: 'of a circuit breaker',
    denied: 'by the engine',
    unanswered: 'by the engine',
  }),
});

export const cleanSchema: Described<CleanJson> = object<CleanJson>('The plan and the result.', {
  plan: {
    ...planSchema,
    description: 'as `plan --json`, with the target as threshold',
  },
  report: orNull({
    ...sweepReport,
    description: 'null: nothing to do, or not confirmed',
  }),
  unused: orNull({
    ...unusedReport,
    description: 'of `--unused-for` without a target; else null',
  }),
  deleted: list<CleanJson['deleted'][number]>(
    'in order',
    object<CleanJson['deleted'][number]>('one deletion', {
      id,
      references: names,
      freedBytes: whole('measured'),
    }),
  ),
});

const spaceParts = Object.fromEntries(
  Object.entries(spaceKinds).map(([name, meaning]) => [
    name,
    object<Amount>(meaning, { bytes: signed('bytes'), inodes: signed('inodes') }),
  ]),
) as Readonly<Record<SpaceKind, Described<Amount>>>;

type ImageJson = StatusJson['images'][number];

/** `status --json`, `/api/status.json`. */
export const statusSchema: Described<StatusJson> = object<StatusJson>(
  'The disk, where its space is, and every image.',
  {
    engine,
    usage,
    thresholds,
    triggered,
    window,
    unused: orNull(
      object<NonNullable<StatusJson['unused']>>('`MAX_UNUSED_SECONDS`; null: off', {
        maxUnusedSeconds: real(''),
        missingSeconds: real('until image use has been tracked for long enough'),
        images: whole('to be deleted for it'),
        freedBytes: whole(''),
      }),
    ),
    forecast: orNull(
      object<Forecast>(
        'when the filesystem will be full at the recent rate; null: unknown (a past is needed: `--watch`, the daemon, or its STATE_FILE)',
        {
          resource: oneOf<Resource>('what runs out first', { bytes: '', inodes: '' }),
          seconds: real('until it is full'),
          earliestSeconds: real('at the fastest rate within two standard errors'),
          latestSeconds: real('at the slowest one'),
          rate: real('per second'),
          observedSeconds: real(''),
        },
      ),
    ),
    ...place,
    space: orNull(
      object<SpaceByKind>('the whole filesystem by kind; null: unknown', {
        path: text(''),
        total: amount('`inodes` is 0 where the filesystem counts none'),
        parts: object<SpaceByKind['parts']>('sums to `total`', spaceParts),
        leftovers: list<string>('paths', text('an absolute path')),
        unusedVolumes: list<string>('names', text('a name')),
      }),
    ),
    spaceProblem: orNull(text('why `space` is null')),
    images: list<ImageJson>(
      'largest first',
      object<ImageJson>('an image', {
        id,
        tags: list<string>('', text('`repository:tag`')),
        digests: list<string>('', text('`repository@sha256:…`')),
        parentId: orNull(text('set by the classic builder')),
        sizeBytes,
        uniqueBytes: whole('of layers that no other image has'),
        uniqueInodes: whole(''),
        sharedBytes: whole('of the others'),
        sharedInodes: whole(''),
        exact: yes("measured; else estimated from the engine's sizes"),
        createdAt: orNull(time('when it was built')),
        appearedAt: orNull(time('when it arrived here')),
        ageSeconds: orNull(real('since it was built')),
        inUse: yes('by a container'),
        usedBy: list<ImageJson['usedBy'][number]>(
          'containers',
          object<ImageJson['usedBy'][number]>('a container', {
            id,
            name: text(''),
            state: text('e.g. `running`; every state counts'),
          }),
        ),
      }),
    ),
  },
);

const trace = object<TraceFigures>('', {
  uses: whole('container launches'),
  images: whole(''),
  layers: whole(''),
  distinctBytes: real('of all layers, each once'),
});

const policies = list<Figures>(
  'policies, baselines and marks',
  object<Figures>('what one of them cost', {
    policy: text(''),
    isReference: yes('a baseline or mark, not a setting'),
    launches: whole(''),
    misses: whole('launches of an absent image'),
    fetchedBytes: real(''),
    refetchedBytes: real('of layers that had been deleted'),
    launchesWaited: whole('for bytes'),
    delayP50Seconds: real('of launches that waited'),
    delayP95Seconds: real(''),
    imagesDeleted: whole(''),
    sweeps: whole(''),
    sweepsAboveLow: whole('that ended at or above LOW'),
    deletedGently: whole('images deleted at the soft threshold'),
    cordonedMinutes: real('a fixed time for each sweep, 2 s for each image, 1 s for each 500 MB'),
    meanOvershootBytes: real('below LOW after a sweep'),
    maxOvershootBytes: real(''),
    peakBytes: real('most used'),
  }),
);
const boundList = list<BoundJson>(
  'the best possible, with each byte a page and the future known',
  object<BoundJson>('a bound or a mark', {
    name: oneOf<BoundJson['name']>('', {
      relaxed: 'from HIGH to LOW: a mark, not a proven optimum',
      'lower-bound': 'always full to HIGH: no policy fetches less',
    }),
    fetchedBytes: real(''),
    refetchedBytes: real('of what had been deleted'),
  }),
);
const sentences = list<string>('sentences', text('a sentence'));
const setting = {
  type: oneOf<SimulatedNode['type']>('of the thresholds', {
    relative: 'percent of the disk',
    absolute: 'bytes used',
    free: 'bytes free',
    images: 'bytes of all images',
  }),
  capacityBytes: real('of the disk; with absolute thresholds `high`'),
  high: real('percent or bytes'),
  low: real('percent or bytes'),
};

/** `simulate --json`. */
export const simulateSchema: Described<SimulateJson> = either(
  object<OneRunJson>('With one capacity and pair of thresholds:', {
    trace,
    ...setting,
    policies,
    bounds: boundList,
    conclusion: sentences,
  }),
  object<RunsJson>('With several:', {
    trace,
    runs: list<Run>(
      'for each capacity and pair of thresholds',
      object<Run>('a run', { ...setting, policies, bounds: boundList, conclusion: sentences }),
    ),
  }),
);
