/** What the daemon tells of itself and its surroundings: start and end, configuration, engine, path, history. */
import { formatCount, formatDuration } from '../core/model/format.ts';
import { define } from './definition.ts';
import { count, message, number, oneOf, path, text, thresholds, yes } from './fields.ts';
import { limits } from './phrases.ts';

const receiver = text('scheme, host and port of NOTIFY_URL; the rest is a secret');
const endpoint = text("the engine's address, without secrets");

export const daemonEvents = {
  'daemon.started': define({
    level: 'info',
    when: 'once, when everything is set up',
    fields: {
      version: text("the cleaner's"),
      path,
      thresholds,
      intervalSeconds: number('between two checks of the disk'),
      dryRun: yes('nothing is deleted'),
    },
    says: (event) =>
      `docker-image-cleaner ${event.version} watches ${event.path} every ${formatDuration(event.intervalSeconds)}, ` +
      `${limits(event.thresholds)}${event.dryRun ? ', dry run: nothing is deleted' : ''}`,
  }),
  'daemon.stopping': define({
    level: 'info',
    when: 'at the first SIGTERM or SIGINT',
    fields: { signal: text('`SIGTERM` or `SIGINT`') },
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
    when: 'something in the configuration looks like a mistake, but does not prevent the start',
    fields: { message },
    says: (event) => event.message,
  }),
  'keep-file.read': define({
    level: 'info',
    when: 'the file of KEEP_FILE changed, or can be read again after keep-file.failed',
    fields: { path, patterns: count('patterns in force from it') },
    says: (event) => `${formatCount(event.patterns, 'pattern')} in force from ${event.path}`,
  }),
  'keep-file.failed': define({
    level: 'error',
    when: 'that file has a bad line, is gone, or cannot be read; said once until it changes; the patterns read before stay in force',
    fields: { path, message },
    says: (event) => event.message,
  }),
  'notify.failed': define({
    level: 'warn',
    when: 'a notice did not arrive at NOTIFY_URL after a few tries; said once until one does',
    fields: { receiver, problem: text('what the notice was about, as `problem` in its JSON'), message },
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
    when: 'the log can be written again, after lines were lost: written in their place',
    fields: {
      lines: count('how many'),
      reason: text("the kernel's name of the last error: `ENOSPC`, `EAGAIN` for a reader that does not read"),
    },
    says: (event) =>
      `${formatCount(event.lines, 'log line')} lost here: the log could not be written (${event.reason})`,
  }),
  'http.listening': define({
    level: 'info',
    when: 'the status page, its JSON and the metrics are served, or the health checks on an address of their own; one event each',
    fields: {
      serves: oneOf(
        ['page', 'probes'],
        'page: also its JSON and the metrics, and the health checks unless they have an address; probes: the health checks alone',
      ),
      url: text('where one can open it on this host'),
      address: text('what it listens on: `[::]:9615` and `0.0.0.0:9615` are every address of the host'),
      authentication: yes('whether a token is required'),
    },
    says: (event) =>
      event.serves === 'probes'
        ? `health checks at ${event.url} (listening on ${event.address})`
        : `status page at ${event.url} (listening on ${event.address}, ${event.authentication ? 'with' : 'without'} authentication)`,
  }),
  'http.failed': define({
    level: 'error',
    when: 'they cannot be served where they should: the address is taken; the process ends with status 2',
    fields: { address: text('as configured'), message },
    says: (event) => event.message,
  }),
  'engine.chosen': define({
    level: 'info',
    when: 'the program starts: which engine is cleaned, and why that one; the first line',
    fields: { endpoint, reason: text('what named it, or what was found') },
    says: (event) => `engine at ${event.endpoint} (${event.reason})`,
  }),
  'engine.connected': define({
    level: 'info',
    when: 'the engine answers, for the first time or again',
    fields: {
      endpoint,
      name: text('e.g. `Docker Engine`'),
      version: text("the engine's"),
      apiVersion: text('the version that both speak'),
    },
    says: (event) => `${event.name} ${event.version} at ${event.endpoint}, API ${event.apiVersion}`,
  }),
  'engine.unavailable': define({
    level: 'error',
    when: 'the engine cannot be reached or does not answer; said once until it is back',
    fields: { endpoint, message },
    says: (event, again) => `${event.message}${again}`,
  }),
  'path.unavailable': define({
    level: 'error',
    when: 'the path cannot be measured; said once until it can',
    fields: { path, message },
    says: (event, again) => `${event.message}${again}`,
  }),
  'path.available': define({
    level: 'info',
    when: 'it can again',
    fields: { path },
    says: (event) => `${event.path} can be measured again`,
  }),
  'path.left-out': define({
    level: 'warn',
    when: 'a folder below the path cannot be measured and is left out of the account; said once until it can',
    fields: { path, message },
    says: (event) => `left out of the account: ${event.message}`,
  }),
  'history.synced': define({
    level: 'info',
    when: 'image use is tracked: everything was listed, and the events of the engine are followed from now on',
    fields: {
      images: count('how many the engine has'),
      containersInUse: count('containers that hold an image'),
      missedSeconds: number('for how long before that nothing was seen'),
    },
    says: (event) =>
      `tracking ${formatCount(event.images, 'image')} and ` +
      `${formatCount(event.containersInUse, 'container')}; ` +
      (event.missedSeconds > 0
        ? `nothing was seen for ${formatDuration(event.missedSeconds)} before, which does not count as unused`
        : 'no gaps'),
  }),
  'history.interrupted': define({
    level: 'warn',
    when: "the engine's events cannot be followed; said once until they can",
    fields: { message },
    says: (event, again) => `image use cannot be tracked: ${event.message}${again}`,
  }),
  'file.refused': define({
    level: 'error',
    when: 'STATE_FILE, a file beside it, or RECORD_TRACE is a symbolic link, a named pipe, a socket, a directory or a device; the process ends with status 2',
    fields: { path, message },
    says: (event) => event.message,
  }),
  'history.state-lost': define({
    level: 'warn',
    when: 'a state file (or the `.layers`, `.activity` or `.names` beside it) is damaged or of another version; a new one is started',
    fields: { path, message },
    says: (event) => `remembered state was lost, starting a new file: ${event.message}`,
  }),
  'history.write-failed': define({
    level: 'warn',
    when: 'one of them or the trace cannot be written, found out at the start or later; logged once until it can be written',
    fields: { path, message },
    says: (event, again) => `cannot write ${event.path}: ${event.message}.${again}`,
  }),
};
