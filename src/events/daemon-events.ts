/** What the daemon reports about itself and its surroundings: start and end, configuration, engine, path, history. */
import { formatCount, formatDuration } from '../core/model/format.ts';
import { define } from './definition.ts';
import { count, message, number, oneOf, path, text, thresholds, yes } from './fields.ts';
import { limits } from './phrases.ts';

const receiver = text('scheme, host and port of NOTIFY_URL');
const endpoint = text('without secrets');

export const daemonEvents = {
  'daemon.started': define({
    level: 'info',
    when: 'when everything is set up',
    fields: {
      version: text('of the cleaner'),
      path,
      thresholds,
      intervalSeconds: number(''),
      dryRun: yes(''),
    },
    says: (event) =>
      `docker-image-cleaner ${event.version} watches ${event.path} every ${formatDuration(event.intervalSeconds)}, ` +
      `${limits(event.thresholds)}${event.dryRun ? ', dry run: nothing is deleted' : ''}`,
  }),
  'daemon.stopping': define({
    level: 'info',
    when: 'at the first SIGTERM or SIGINT',
    fields: { signal: text('') },
    says: (event) => `${event.signal}: stopping, no further deletions`,
  }),
  'daemon.stopped': define({
    level: 'info',
    when: 'right before the process ends',
    fields: {},
    says: () => 'stopped',
  }),
  'config.warning': define({
    level: 'warn',
    when: 'the configuration looks wrong, but is usable',
    fields: { message },
    says: (event) => event.message,
  }),
  'keep-file.read': define({
    level: 'info',
    when: 'KEEP_FILE changed, or can be read again',
    fields: { path, patterns: count('in force') },
    says: (event) => `${formatCount(event.patterns, 'pattern')} in force from ${event.path}`,
  }),
  'keep-file.failed': define({
    level: 'error',
    when: 'KEEP_FILE has a bad line, is gone, or cannot be read; the patterns read before stay in force; once',
    fields: { path, message },
    says: (event) => event.message,
  }),
  'notify.failed': define({
    level: 'warn',
    when: 'a notice did not arrive at NOTIFY_URL after a few tries; once',
    fields: { receiver, problem: text('of the notice'), message },
    says: (event) => `the notice ${event.problem} did not arrive at ${event.receiver}: ${event.message}`,
  }),
  'notify.working': define({
    level: 'info',
    when: 'notices arrive again',
    fields: { receiver },
    says: (event) => `notices arrive at ${event.receiver} again`,
  }),
  'log.lines-lost': define({
    level: 'warn',
    when: 'the log can be written again after lines were lost',
    fields: {
      lines: count(''),
      reason: text('the last error, e.g. `ENOSPC`; `EAGAIN`: the reader does not read'),
    },
    says: (event) =>
      `${formatCount(event.lines, 'log line')} lost here: the log could not be written (${event.reason})`,
  }),
  'http.listening': define({
    level: 'info',
    when: 'the page, or the health checks at their own address, are served',
    fields: {
      serves: oneOf(
        ['page', 'probes'],
        'page: also JSON, metrics, and the health checks without an address of their own; probes: the health checks',
      ),
      url: text('on this host'),
      address: text('listening on; `[::]:9615` and `0.0.0.0:9615`: every address of the host'),
      authentication: yes('a token is required'),
    },
    says: (event) =>
      event.serves === 'probes'
        ? `health checks at ${event.url} (listening on ${event.address})`
        : `status page at ${event.url} (listening on ${event.address}, ${event.authentication ? 'with' : 'without'} authentication)`,
  }),
  'http.failed': define({
    level: 'error',
    when: 'the address cannot be used; the process ends with status 2',
    fields: { address: text('as configured'), message },
    says: (event) => event.message,
  }),
  'engine.chosen': define({
    level: 'info',
    when: 'the first line: which engine is cleaned, and why',
    fields: { endpoint, reason: text('what named it, or was found') },
    says: (event) => `engine at ${event.endpoint} (${event.reason})`,
  }),
  'engine.connected': define({
    level: 'info',
    when: 'the engine answers, at first or again',
    fields: {
      endpoint,
      name: text('e.g. `Docker Engine`'),
      version: text('of the engine'),
      apiVersion: text('in use'),
    },
    says: (event) => `${event.name} ${event.version} at ${event.endpoint}, API ${event.apiVersion}`,
  }),
  'engine.unavailable': define({
    level: 'error',
    when: 'the engine does not answer; once',
    fields: { endpoint, message },
    says: (event, again) => `${event.message}${again}`,
  }),
  'path.unavailable': define({
    level: 'error',
    when: 'the path cannot be measured; once',
    fields: { path, message },
    says: (event, again) => `${event.message}${again}`,
  }),
  'path.available': define({
    level: 'info',
    when: 'the path can be measured again',
    fields: { path },
    says: (event) => `${event.path} can be measured again`,
  }),
  'path.left-out': define({
    level: 'warn',
    when: 'a folder below the path cannot be measured and does not count; once',
    fields: { path, message },
    says: (event) => `not counted: ${event.message}`,
  }),
  'history.synced': define({
    level: 'info',
    when: 'image use is tracked from now on',
    fields: {
      images: count(''),
      containersInUse: count(''),
      missedSeconds: number('not seen before that'),
    },
    says: (event) =>
      `tracking ${formatCount(event.images, 'image')} and ` +
      `${formatCount(event.containersInUse, 'container')}; ` +
      (event.missedSeconds > 0
        ? `a gap of ${formatDuration(event.missedSeconds)} before, which does not count as unused`
        : 'no gaps'),
  }),
  'history.interrupted': define({
    level: 'warn',
    when: "the engine's events cannot be followed; once",
    fields: { message },
    says: (event, again) => `image use cannot be tracked: ${event.message}${again}`,
  }),
  'file.refused': define({
    level: 'error',
    when: 'STATE_FILE, a file beside it, or RECORD_TRACE is not a regular file; the process ends with status 2',
    fields: { path, message },
    says: (event) => event.message,
  }),
  'history.state-lost': define({
    level: 'warn',
    when: 'STATE_FILE, or a file beside it, is damaged or of another version; a new one is started',
    fields: { path, message },
    says: (event) => `remembered state was lost, starting a new file: ${event.message}`,
  }),
  'history.write-failed': define({
    level: 'warn',
    when: 'one of them, or the trace, cannot be written; once',
    fields: { path, message },
    says: (event, again) => `cannot write ${event.path}: ${event.message}.${again}`,
  }),
};
