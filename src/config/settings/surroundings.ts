/** Usage history, Kubernetes, engine requests, HTTP, notices, logging. */
import { longestSeconds, seconds } from '../values/durations.ts';
import { listenAddress } from '../values/http-address.ts';
import { webhookAddress } from '../notify.ts';
import { absolutePath, choice, hostNames, nodeName, wholeNumber } from '../values/values.ts';
import { setting } from './setting.ts';

export const surroundingSettings = {
  stateFile: setting({
    group: 'Usage history',
    help: 'File that keeps the usage history and the status page’s past over restarts; its directory must be writable; unset: each start begins with an empty history',
    kind: absolutePath(),
    default: undefined,
  }),
  recordTrace: setting({
    group: 'Usage history',
    help: 'Append every use of an image to this file, for `simulate`; rotated at 64 MB, up to FILE.4',
    kind: absolutePath(),
    default: undefined,
  }),
  nodeName: setting({
    group: 'Kubernetes',
    help: 'Kubernetes node to cordon during a sweep; unset: Kubernetes is not contacted',
    kind: nodeName(),
    default: undefined,
  }),
  cordonMode: setting({
    group: 'Kubernetes',
    help: 'How new pods are kept off the node during a sweep: unschedulable (cordon), a NoSchedule taint that load balancers and autoscalers ignore (taint), or not at all (none)',
    kind: choice('cordon', 'taint', 'none'),
    default: 'cordon',
  }),
  maxCordonSeconds: setting({
    group: 'Kubernetes',
    help: 'Longest time to cordon the node; then it is uncordoned and the sweep ends',
    kind: seconds(1, longestSeconds),
    default: 900,
  }),
  maxCordonedNodes: setting({
    group: 'Kubernetes',
    help: 'How many nodes of the cluster may sweep at the same time; 0: no limit',
    kind: wholeNumber(0, 10_000),
    default: 0,
  }),
  timeoutSeconds: setting({
    group: 'Engine requests',
    help: 'How long one request to the engine may take',
    kind: seconds(1, 86_400),
    default: 300,
  }),
  httpAddress: setting({
    group: 'HTTP',
    help: 'Where to serve status page, JSON, metrics and health checks, all read-only; unset: nothing is served',
    kind: listenAddress(),
    default: undefined,
  }),
  httpAllowedHosts: setting({
    group: 'HTTP',
    help: 'Host names under which browsers may open the page, separated by spaces or commas. Always allowed: addresses, names without a dot, the name of this host, and names that exist only in private networks and clusters',
    kind: hostNames(),
    default: [],
    defaultText: '',
  }),
  httpTokenFile: setting({
    group: 'HTTP',
    help: 'File with a token, required by everything but the health checks: a bearer token, or the password of basic authentication (any user name); reread every 10 s',
    kind: absolutePath(),
    default: undefined,
  }),
  probeAddress: setting({
    group: 'HTTP',
    help: 'Where to serve the health checks (/healthz, /readyz) alone, instead of beside the page',
    kind: listenAddress(),
    default: undefined,
    defaultText: 'beside the page',
  }),
  notifyUrl: setting({
    group: 'Notices',
    help: 'Webhook for what a person must know: low threshold not reached, disk critical, engine or path away for 10 minutes, node left cordoned; called when it begins and when it is over. Never logged; every user of the host can read a flag, so set it in the environment or a file',
    kind: webhookAddress(),
    default: undefined,
    defaultText: 'none',
  }),
  notifyFormat: setting({
    group: 'Notices',
    help: 'What the webhook takes: JSON with every field (json), plain text as ntfy does (text), or {"text": ...} as Slack, Mattermost and Rocket.Chat do (slack)',
    kind: choice('json', 'text', 'slack'),
    default: 'json',
  }),
  logFormat: setting({
    group: 'Logging',
    help: 'Log lines for people (text) or for machines (json); auto is text on a terminal, else json',
    kind: choice('text', 'json', 'auto'),
    default: 'auto',
  }),
  logLevel: setting({
    group: 'Logging',
    help: 'Minimum log level',
    kind: choice('trace', 'debug', 'info', 'warn', 'error'),
    default: 'info',
  }),
};
