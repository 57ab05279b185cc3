/** The real executable, with the settings that tests want. */
import { type Cli, runCli } from './cli.ts';

export interface CleanerOptions {
  readonly high?: number | string;
  readonly low?: number | string;
  /** Where to connect; the engine's own socket by default. */
  readonly dockerHost?: string;
  /** More settings, without the prefix `DOCKER_IMAGE_CLEANER_`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More variables, whole. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Root, but without these rights; see CliOptions. */
  readonly withoutCapabilities?: readonly string[];
  /** Another user than root; see CliOptions. */
  readonly uid?: number;
  /** For Node itself; see CliOptions. */
  readonly nodeFlags?: readonly string[];
}

/** Where the executable is pointed at. */
export interface CleanedEngine {
  readonly dataRoot: string;
  readonly dockerHost?: string;
  /** The variables that lead to an engine without DOCKER_HOST. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The real executable, pointed at the engine and its data directory, without delay between deletions, JSON log. */
export function cleaner(engine: CleanedEngine, args: readonly string[], options: CleanerOptions = {}): Cli {
  const settings: Record<string, string> = {
    PATH_TO_CHECK: engine.dataRoot,
    DELAY_SECONDS: '0',
    // What tests load has just arrived.
    MIN_AGE_SECONDS: '0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    ...(options.high === undefined ? {} : { THRESHOLD_HIGH: String(options.high) }),
    ...(options.low === undefined ? {} : { THRESHOLD_LOW: String(options.low) }),
    ...options.settings,
  };
  const env = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]),
  );
  const dockerHost = options.dockerHost ?? engine.dockerHost;
  return runCli(args, {
    env: {
      ...(dockerHost !== undefined && { DOCKER_HOST: dockerHost }),
      ...engine.env,
      ...env,
      ...options.env,
    },
    ...(options.withoutCapabilities && { withoutCapabilities: options.withoutCapabilities }),
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.nodeFlags && { nodeFlags: options.nodeFlags }),
  });
}

/** The names (first reference, else ID) of the images that the log says were deleted, in order. */
export function deletedNames(cli: Cli): readonly string[] {
  return cli.records
    .filter((record) => record.event === 'image.deleted')
    .map((record) => (record['references'] as string[])[0] ?? String(record['id']));
}
