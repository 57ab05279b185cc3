import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { neededAccess } from '../../../src/cluster/access.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { loadExpressions } from '../../../src/config/values/expressions.ts';
import { settings, variablePrefix } from '../../../src/config/settings.ts';
import { chart, helm } from '../../../harness/cluster/helm.ts';
import {
  environment,
  isHook,
  only,
  parseObjects,
  podSpec,
  render,
  type KubernetesObject,
  type PolicyRule,
} from '../../../harness/cluster/rendered-chart.ts';

const rbacKinds = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];

/** Every permission of the pods' account, one by one. */
function granted(objects: readonly KubernetesObject[]): object[] {
  return objects
    .filter((object) => !isHook(object) && ['Role', 'ClusterRole'].includes(object.kind))
    .flatMap((object) =>
      (object['rules'] as PolicyRule[]).flatMap(
        ({ apiGroups, resources, resourceNames: names = [], verbs }) =>
          apiGroups.flatMap((group) =>
            resources.flatMap((resource) =>
              verbs.map((verb) => ({
                group,
                resource,
                namespace: object.metadata.namespace ?? '',
                verb,
                names,
              })),
            ),
          ),
      ),
    );
}

/** Values of the chart for later settings; an unknown variable is only a warning. */
const notYetKnown = [
  'cordonMode',
  'maxCordonSeconds',
  'maxCordonedNodes',
  'thresholdCritical',
  'minAgeSeconds',
  'stateFile',
]
  .filter((key) => !(key in settings))
  .map((key) => variablePrefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());

/** Where the state of the release that is rendered is. */
const state = '/var/lib/docker-image-cleaner/cleaner-docker-image-cleaner.images';

const matrix: { name: string; set?: string[]; files?: string[] }[] = [
  { name: 'defaults' },
  { name: 'taint', set: ['cleaner.cordonMode=taint'] },
  { name: 'no cordon', set: ['cleaner.cordonMode=none'] },
  { name: 'a limit', set: ['cleaner.maxCordonedNodes=3'] },
  { name: 'admission policy', set: ['admissionPolicy.enabled=true'] },
  {
    name: 'admission policy without a cordon',
    set: ['admissionPolicy.enabled=true', 'cleaner.cordonMode=none'],
  },
  { name: 'absolute', set: ['cleaner.thresholdType=absolute', 'cleaner.thresholdHigh=40e9'] },
  {
    name: 'free bytes in a window',
    set: [
      'cleaner.thresholdType=free',
      'cleaner.thresholdHigh=20GB',
      'cleaner.thresholdLow=40GB',
      'cleaner.window=Mon-Fri 22:00-06:00 UTC',
    ],
  },
  { name: 'no state', set: ['state.enabled=false'] },
  { name: 'patterns in a ConfigMap', set: ['keepFile.patterns=team/*'] },
  { name: 'notices', set: ['notify.urlSecret.name=webhook', 'notify.format=slack'] },
  { name: 'durations with units', set: ['cleaner.intervalSeconds=5m', 'cleaner.minAgeSeconds=1h30m'] },
  { name: 'a low high', set: ['cleaner.thresholdHigh=4%'] },
  { name: 'a soft threshold', set: ['cleaner.softThreshold=65'] },
  { name: 'state in the pod', set: ['state.type=emptyDir'] },
  { name: 'every taint', set: ['tolerateEverything=true'] },
  { name: 'no roles, no account', set: ['rbac.create=false', 'serviceAccount.create=false'] },
  { name: 'no hook', set: ['uninstallHook.enabled=false'] },
  { name: 'nothing served', set: ['http.enabled=false', 'probes.enabled=false'] },
  { name: 'a token', set: ['http.tokenSecret.name=secret', 'metrics.podMonitor.enabled=true'] },
  { name: 'the socket alone', set: ['engine.socketMount=file,engine.runtime=docker'] },
  {
    name: 'without root',
    files: ['values-nonroot.yaml'],
    set: ['podSecurityContext.supplementalGroups[0]=998'],
  },
  { name: 'circuit breakers', set: ['cleaner.maxDeletionsPerSweep=50', 'cleaner.maxFreedPerHour=200GB'] },
  {
    name: 'Prometheus',
    set: [
      'metrics.scrapeAnnotations=true',
      'metrics.podMonitor.enabled=true,metrics.podMonitor.labels.release=p',
      'metrics.prometheusRule.enabled=true,metrics.prometheusRule.labels.release=p',
    ],
  },
  { name: 'quota', set: ['resourceQuota.create=true'] },
  {
    name: 'a Service, its monitor, a dashboard',
    set: [
      'metrics.serviceMonitor.enabled=true,metrics.dashboard.enabled=true',
      'http.tokenSecret.name=secret',
    ],
  },
  {
    name: 'more of one’s own',
    set: [
      'extraArgs[0]=--log-level=debug',
      'extraVolumes[0].name=ca,extraVolumes[0].configMap.name=ca',
      'extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca',
      'cleaner.keep[0]=quay.io/team/*,cleaner.keep[1]=re:-base$',
    ],
  },
  { name: 'a named Docker Engine', files: ['values-docker.yaml'] },
  { name: 'k3s', files: ['values-k3s.yaml'] },
  { name: 'RKE2', files: ['values-rke2.yaml'] },
  { name: 'k0s', files: ['values-k0s.yaml'] },
  { name: 'MicroK8s', files: ['values-microk8s.yaml'] },
  { name: 'docker in docker', files: ['values-dind.yaml'] },
  { name: 'containerd', files: ['values-containerd.yaml'] },
  { name: 'CRI-O', files: ['values-crio.yaml'] },
  { name: 'podman', files: ['values-podman.yaml'], set: ['cleaner.cordonMode=none'] },
  {
    name: 'everything at once',
    set: [
      'image.tag=1.2.3',
      `image.digest=sha256:${'a'.repeat(64)}`,
      'imagePullSecrets[0].name=pull',
      'nodeSelector.pool=build',
      'podAnnotations.a=b',
      'podLabels.a=b',
      'commonLabels.team=x',
      'serviceAccount.annotations.a=b',
      'extraEnv[0].name=TZ,extraEnv[0].value=UTC',
      'capabilities[0]=DAC_OVERRIDE',
    ],
  },
];

describe.each(matrix)('the chart with $name', ({ set = [], files = [] }) => {
  const objects = render(set, files);

  it('passes helm lint --strict', () => {
    const values = files.flatMap((file) => ['--values', join(chart, file)]);
    const out = helm(['lint', '--strict', chart, ...values, ...set.flatMap((value) => ['--set', value])]);
    expect(out).toContain('0 chart(s) failed');
  });

  it('runs every container without writable root, privileges and escalation', () => {
    const pods = objects.filter(({ kind }) => ['DaemonSet', 'Job', 'Pod'].includes(kind)).map(podSpec);
    expect(pods.length).toBeGreaterThanOrEqual(2);
    for (const { securityContext, containers } of pods) {
      expect(securityContext['seccompProfile']).toEqual({ type: 'RuntimeDefault' });
      expect(containers).toHaveLength(1);
      expect(containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it("mounts the engine's directories read-only, and releases mounts when the engine does", () => {
    const mounts = podSpec(only(objects, 'DaemonSet')).containers[0].volumeMounts ?? [];
    const engine = mounts.filter(({ name }) => !['state', 'http-token', 'keep', 'ca'].includes(name));
    expect(engine.map(({ name }) => name)).toEqual(['data', 'engine-socket']);
    expect(engine[0]).toMatchObject({ mountPropagation: 'HostToContainer' });
    for (const mount of engine) {
      expect(mount).toMatchObject({ readOnly: true });
      // Kubernetes refuses it together with propagation.
      const isRecursive = mount.mountPropagation === 'None';
      expect(mount.recursiveReadOnly).toBe(isRecursive ? 'IfPossible' : undefined);
      // The token is mounted below /var/run, which is /run in most images: nothing of ours may lie over it.
      expect(
        '/var/run/secrets'.startsWith(mount.mountPath) || '/run/secrets'.startsWith(mount.mountPath),
      ).toBe(false);
    }
  });

  it('tolerates its own taint, so that a restarted pod can remove it', () => {
    expect(
      podSpec(only(objects, 'DaemonSet')).tolerations.some(
        ({ key, operator }) =>
          operator === 'Exists' && (key === undefined || key === 'docker-image-cleaner.jupyter.org/cleaning'),
      ),
    ).toBe(true);
  });

  it('gives every permission to accounts of its own', () => {
    const subjects = objects
      .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
      .flatMap((object) => object['subjects'] as { kind: string; namespace: string }[]);
    for (const subject of subjects)
      expect(subject).toMatchObject({ kind: 'ServiceAccount', namespace: 'images' });
  });

  it('passes settings that the program accepts, each once', async () => {
    const container = podSpec(only(objects, 'DaemonSet')).containers[0];
    const names = container.env.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    await loadExpressions(Object.values(environment(container)).map(String));
    const loaded = loadConfig(environment(container));
    expect(loaded.ok || loaded.problems).toBe(true);
    expect(
      loaded.warnings.filter((warning) => !notYetKnown.some((name) => warning.startsWith(name))),
    ).toEqual([]);
  });
});

describe('permissions', () => {
  it('are none at all, and no token is mounted, when cordoning is off', () => {
    const objects = render([
      'cleaner.cordonMode=none',
      'cleaner.maxCordonedNodes=3',
      'admissionPolicy.enabled=true',
    ]);
    expect(objects.map(({ kind }) => kind).sort()).toEqual([
      'DaemonSet',
      'NetworkPolicy',
      'Pod',
      'ServiceAccount',
    ]);
    const pod = podSpec(only(objects, 'DaemonSet'));
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.containers[0].env.map(({ name }) => name)).not.toContain('DOCKER_IMAGE_CLEANER_NODE_NAME');
  });

  it.each([0, 2])('are those that the program asks for at start-up, with a limit of %i', (slots) => {
    const asked = neededAccess({ nodeName: 'n1', cordons: true, slots, namespace: 'images' });
    const given = granted(render([`cleaner.maxCordonedNodes=${slots}`]));
    // Of the nodes and slots it asks for one each; a role is for all of them.
    const want = asked.map(({ group, resource, namespace = '', verb, name }) => ({
      ...{ group, resource, namespace, verb },
      names:
        resource === 'leases' && name !== undefined
          ? ['docker-image-cleaner-slot-0', 'docker-image-cleaner-slot-1']
          : [],
    }));
    expect(given).toHaveLength(want.length);
    expect(given).toEqual(expect.arrayContaining(want));
  });

  it('are left to others with rbac.create=false', () => {
    expect(render(['rbac.create=false']).filter(({ kind }) => rbacKinds.includes(kind))).toEqual([]);
  });

  it('are kept apart from a release of the same name in another namespace', () => {
    const clusterWide = (objects: KubernetesObject[]): string[] =>
      objects
        .filter(({ metadata }) => metadata.namespace !== 'images')
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const names = clusterWide(render(['admissionPolicy.enabled=true']));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) expect(name).toMatch(/\.images(\.uninstall)?$/);
  });
});

describe('the pod', () => {
  const cleaner = (...args: Parameters<typeof render>): ReturnType<typeof podSpec> =>
    podSpec(only(render(...args), 'DaemonSet'));

  it('has one capability, looking into closed directories, which absolute mode cannot do without', () => {
    const capabilities = (set: string[]) => cleaner(set).containers[0].securityContext.capabilities;
    const one = { drop: ['ALL'], add: ['DAC_READ_SEARCH'] };
    expect(capabilities([])).toEqual(one);
    expect(capabilities(['capabilities=null'])).toEqual({ drop: ['ALL'] });
    const absolute = ['cleaner.thresholdType=absolute', 'cleaner.thresholdHigh=40e9'];
    expect(capabilities(absolute)).toEqual(one);
    expect(capabilities([...absolute, 'capabilities=null'])).toEqual(one);
  });

  it('quotes every path, whatever is in it', () => {
    const path = '/mnt/a: b #c';
    const objects = parseObjects(
      helm(['template', 'c', chart, '--values', '-'], {
        input: JSON.stringify({
          engine: {
            hostDataDir: path,
            dataDir: `${path}/d`,
            hostSocketDir: `${path}/s`,
            socketName: 'x: y #z',
          },
          state: { enabled: true, hostPath: `${path}/state` },
        }),
      }),
    );
    const pod = podSpec(only(objects, 'DaemonSet'));
    expect(pod.volumes?.map(({ hostPath }) => hostPath?.path)).toEqual([path, `${path}/s`, `${path}/state`]);
    expect(pod.containers[0].volumeMounts?.[0]?.mountPath).toBe(`${path}/d`);
    expect(environment(pod.containers[0])).toMatchObject({
      DOCKER_HOST: 'unix:///host/run/x: y #z',
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: `${path}/d`,
    });
  });

  it('mounts recursively read-only only where the cluster knows that', () => {
    const mounts = (version: string) =>
      podSpec(only(render(['engine.mountPropagation=None'], [], ['--kube-version', version]), 'DaemonSet'))
        .containers[0].volumeMounts?.slice(0, 2)
        .map(({ recursiveReadOnly }) => recursiveReadOnly);
    expect(mounts('1.30.9')).toEqual([undefined, undefined]);
    expect(mounts('1.31.0')).toEqual(['IfPossible', 'IfPossible']);
    expect(mounts('v1.33.1+k3s1')).toEqual(['IfPossible', 'IfPossible']);
  });

  it('can mount the socket alone, or a directory of its own', () => {
    const socketOf = (pod: ReturnType<typeof podSpec>) => ({
      volume: pod.volumes?.find(({ name }) => name === 'engine-socket')?.hostPath,
      mountPath: pod.containers[0].volumeMounts?.find(({ name }) => name === 'engine-socket')?.mountPath,
    });
    const file = cleaner(['engine.runtime=docker', 'engine.socketMount=file', 'engine.hostSocketDir=/run/']);
    expect(socketOf(file)).toEqual({
      volume: { path: '/run/docker.sock', type: 'Socket' },
      mountPath: '/host/run/docker.sock',
    });
    expect(environment(file.containers[0])['DOCKER_HOST']).toBe('unix:///host/run/docker.sock');
    const own = cleaner(['engine.hostSocketDir=/run/docker-image-cleaner']);
    expect(socketOf(own).volume).toEqual({ path: '/run/docker-image-cleaner', type: 'Directory' });
  });

  it('gets numbers written out, however they were given', () => {
    const values = (...set: string[]): Record<string, string | undefined> =>
      environment(cleaner(['cleaner.thresholdType=absolute', ...set]).containers[0]);
    const high = 'DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH';
    expect(values('cleaner.thresholdHigh=40000000000')[high]).toBe('40000000000');
    expect(values('cleaner.thresholdHigh=37.5GiB')[high]).toBe('37.5GiB');
    const fromFile = helm(['template', 'c', chart, '--values', '-'], {
      input:
        'cleaner: { thresholdType: absolute, thresholdHigh: 40e9, intervalSeconds: 2592000, delaySeconds: 0.5 }',
    });
    expect(fromFile).toContain('value: "40000000000"');
    expect(fromFile).toContain('value: "2592000"');
    expect(fromFile).toContain('value: "0.5"');
  });

  it('leaves a setting of null to the program', () => {
    const env = environment(cleaner(['cleaner.intervalSeconds=null']).containers[0]);
    expect(env).not.toHaveProperty('DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS');
    expect(env).not.toHaveProperty('DOCKER_IMAGE_CLEANER_KEEP');
  });

  it('keeps images by what it has learned of their use, in a narrow band', () => {
    expect(environment(cleaner([]).containers[0])).toMatchObject({
      DOCKER_IMAGE_CLEANER_POLICY: 'value',
      DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '80',
      DOCKER_IMAGE_CLEANER_THRESHOLD_LOW: '75',
      DOCKER_IMAGE_CLEANER_STATE_FILE: '/state/state.json',
    });
  });

  it.each([
    [['cleaner.thresholdHigh=70'], '65'],
    [['cleaner.thresholdHigh=90.5%'], '85.5'],
    [['cleaner.thresholdLow=50'], '50'],
    // The program's own default, 75% of HIGH.
    [['cleaner.thresholdHigh=4'], undefined],
    [['cleaner.softThreshold=65'], undefined],
    [['cleaner.thresholdType=absolute', 'cleaner.thresholdHigh=40e9'], undefined],
  ])('with %j the low threshold is %s', (set, low) => {
    expect(environment(cleaner(set).containers[0])['DOCKER_IMAGE_CLEANER_THRESHOLD_LOW']).toBe(low);
  });

  it('finds the runtime unless it is named, and sees more of the node only then', () => {
    const of = (...args: Parameters<typeof render>) => {
      const pod = cleaner(...args);
      const env = environment(pod.containers[0]);
      return {
        mounts: (pod.containers[0].volumeMounts ?? [])
          .filter(({ name }) => name !== 'state')
          .map(({ name, mountPath }) => [
            pod.volumes?.find((volume) => volume.name === name)?.hostPath?.path,
            mountPath,
          ]),
        env: [
          'DOCKER_IMAGE_CLEANER_HOST_RUN',
          'DOCKER_HOST',
          'DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT',
          'DOCKER_IMAGE_CLEANER_PATH_TO_CHECK',
        ].map((name) => env[name]),
      };
    };
    expect(of([])).toEqual({
      mounts: [
        ['/var/lib', '/var/lib'],
        ['/run', '/host/run'],
      ],
      env: ['/host/run', undefined, undefined, undefined],
    });
    expect(of(['engine.hostDataDir=/srv/docker']).env).toEqual([
      '/host/run',
      undefined,
      undefined,
      '/srv/docker',
    ]);
    expect(of(['engine.runtime=docker'])).toEqual({
      mounts: [
        ['/var/lib/docker', '/var/lib/docker'],
        ['/run', '/host/run'],
      ],
      env: [undefined, 'unix:///host/run/docker.sock', undefined, '/var/lib/docker'],
    });
    expect(of(['engine.runtime=cri'])).toEqual(of([], ['values-containerd.yaml']));
    // As before there was "auto".
    expect(of(['engine.socketName=x.sock']).env[1]).toBe('unix:///host/run/x.sock');
  });

  it('runs on Linux only, and on BinderHub’s nodes only with its presets', () => {
    const pod = (files: string[]) =>
      podSpec(only(render([], files), 'DaemonSet')) as unknown as {
        nodeSelector: object;
        tolerations: { key: string }[];
      };
    expect(pod([]).nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    const keys = (files: string[]) => pod(files).tolerations.map(({ key }) => key);
    expect(keys([])).toEqual(['docker-image-cleaner.jupyter.org/cleaning']);
    for (const preset of ['values-dind.yaml', 'values-podman.yaml'])
      expect(keys([preset])).toContain('hub.jupyter.org/dedicated');
  });

  it('takes a list of patterns, volumes and arguments of one’s own', () => {
    const pod = cleaner(matrix.find(({ name }) => name === 'more of one’s own')?.set ?? []);
    expect(pod.containers[0].args).toEqual(['run', '--log-level=debug']);
    expect(environment(pod.containers[0])['DOCKER_IMAGE_CLEANER_KEEP']).toBe('quay.io/team/*,re:-base$');
    expect(pod.volumes?.map(({ name }) => name)).toContain('ca');
    expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'ca', mountPath: '/ca' });
  });

  it('gives each release a state of its own', () => {
    const paths = [[], ['fullnameOverride=other'], ['state.hostPath=/srv/state']].map(
      (set) => cleaner(set).volumes?.find(({ name }) => name === 'state')?.hostPath?.path,
    );
    expect(paths).toEqual([state, '/var/lib/docker-image-cleaner/other.images', '/srv/state']);
  });

  it.each([
    [['values-docker.yaml'], '/var/lib/docker', '/var/lib/docker', '/run', 'docker.sock'],
    [['values-dind.yaml'], '/var/lib/dind', '/var/lib/docker', '/var/run/dind', 'docker.sock'],
    [
      ['values-podman.yaml'],
      '/var/lib/pink/storage',
      '/var/lib/containers/storage',
      '/var/run/pink',
      'podman.sock',
    ],
  ])('finds the engine with %j', (files, hostDataDir, dataDir, hostSocketDir, socketName) => {
    const pod = cleaner([], files);
    expect(pod.volumes?.map(({ hostPath }) => hostPath?.path)).toEqual([hostDataDir, hostSocketDir, state]);
    expect(pod.containers[0].volumeMounts?.[0]?.mountPath).toBe(dataDir);
    expect(environment(pod.containers[0])).toMatchObject({
      DOCKER_HOST: `unix:///host/run/${socketName}`,
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: dataDir,
    });
  });

  it.each([
    ['values-containerd.yaml', '/var/lib/containerd', '/run/containerd', 'containerd.sock'],
    ['values-crio.yaml', '/var/lib/containers/storage', '/run/crio', 'crio.sock'],
  ])('finds the node’s own runtime with %s', (file, dataDir, hostSocketDir, socketName) => {
    const pod = cleaner([], [file]);
    expect(pod.volumes?.map(({ hostPath }) => hostPath?.path)).toEqual([dataDir, hostSocketDir, state]);
    const env = environment(pod.containers[0]);
    expect(env).toMatchObject({
      DOCKER_IMAGE_CLEANER_RUNTIME: 'cri',
      DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT: `unix:///host/run/${socketName}`,
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: dataDir,
    });
    expect(env).not.toHaveProperty('DOCKER_HOST');
  });
});

describe('what it serves', () => {
  const all = [
    'metrics.scrapeAnnotations=true',
    'metrics.podMonitor.enabled=true',
    'metrics.podMonitor.labels.release=p',
    'metrics.prometheusRule.enabled=true',
    'http.port=1234',
    'nameOverride=other',
    'podAnnotations.a=b',
  ];
  const container = (set: string[]) => podSpec(only(render(set), 'DaemonSet')).containers[0];

  it('is on, with probes on a port of their own', () => {
    const { env, ports, livenessProbe, readinessProbe } = container([]);
    expect(env).toContainEqual({ name: `${variablePrefix}HTTP_ADDRESS`, value: ':9615' });
    expect(env).toContainEqual({ name: `${variablePrefix}PROBE_ADDRESS`, value: ':9616' });
    expect(ports).toEqual([
      { name: 'http', containerPort: 9615 },
      { name: 'probes', containerPort: 9616 },
    ]);
    expect(livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'probes' } });
    expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'probes' } });
  });

  it('can be off, and then nothing asks for it', () => {
    const off = container(['http.enabled=false', 'probes.enabled=false']);
    expect(JSON.stringify(off)).not.toMatch(/HTTP_ADDRESS|PROBE_ADDRESS|httpGet|containerPort/);
    const probesOnly = container(['http.enabled=false']);
    expect(probesOnly.ports).toEqual([{ name: 'probes', containerPort: 9616 }]);
    expect(JSON.stringify(probesOnly)).not.toContain('HTTP_ADDRESS');
  });

  it('asks for a token from a Secret, which the program can read and Prometheus sends', () => {
    const set = ['http.tokenSecret.name=s', 'http.tokenSecret.key=k', 'metrics.podMonitor.enabled=true'];
    const objects = render(set);
    const pod = podSpec(only(objects, 'DaemonSet'));
    const file = environment(pod.containers[0])['DOCKER_IMAGE_CLEANER_HTTP_TOKEN_FILE'];
    const mount = pod.containers[0].volumeMounts?.find(({ name }) => name === 'http-token');
    expect(mount).toEqual({ name: 'http-token', mountPath: '/http-token', readOnly: true });
    const secret = pod.volumes?.find(({ name }) => name === 'http-token')?.secret;
    expect(secret).toMatchObject({ secretName: 's', items: [{ key: 'k', path: 'token' }] });
    expect(file).toBe(`${String(mount?.mountPath)}/${String(secret?.items[0]?.path)}`);
    const { podMetricsEndpoints } = only(objects, 'PodMonitor')['spec'] as {
      podMetricsEndpoints: { authorization: object }[];
    };
    expect(podMetricsEndpoints[0]?.authorization).toEqual({ credentials: { name: 's', key: 'k' } });
    expect(JSON.stringify(container(['http.enabled=false', ...set.slice(0, 2)]))).not.toContain('token');
  });

  it('is opened under the names that are allowed', () => {
    const env = (set: string[]) => environment(container(set))['DOCKER_IMAGE_CLEANER_HTTP_ALLOWED_HOSTS'];
    expect(env([])).toBeUndefined();
    expect(env(['http.allowedHosts={images.example.org,*.ts.net}'])).toBe('images.example.org *.ts.net');
  });

  it('admits nobody, the named peers, or every scraper in the cluster', () => {
    const policy = (set: string[]) => {
      const objects = render(set);
      const { spec } = only(objects, 'NetworkPolicy') as unknown as {
        spec: { podSelector: { matchLabels: object }; policyTypes: string[]; ingress: object[] };
      };
      const daemonSet = only(objects, 'DaemonSet') as unknown as {
        spec: { template: { metadata: { labels: object } } };
      };
      expect(daemonSet.spec.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
      expect(spec.podSelector.matchLabels).toHaveProperty('app.kubernetes.io/component', 'cleaner');
      return spec;
    };
    const ports = [{ protocol: 'TCP', port: 9615 }];
    expect(policy([])).toMatchObject({ policyTypes: ['Ingress'], ingress: [] });
    const named = 'networkPolicy.from[0].podSelector.matchLabels.app=prometheus';
    const from = [{ podSelector: { matchLabels: { app: 'prometheus' } } }];
    expect(policy([named]).ingress).toEqual([{ from, ports }]);
    expect(policy([named, 'metrics.scrapeAnnotations=true']).ingress).toEqual([{ from, ports }]);
    for (const scraped of ['metrics.scrapeAnnotations=true', 'metrics.podMonitor.enabled=true'])
      expect(policy([scraped]).ingress).toEqual([{ from: [{ namespaceSelector: {} }], ports }]);
    expect(policy([named, 'http.enabled=false']).ingress).toEqual([]);
    // What needs no API server makes no connection.
    const alone = policy(['cleaner.cordonMode=none']);
    expect(alone.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(alone).not.toHaveProperty('egress');
    expect(render(['networkPolicy.enabled=false']).map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  it('is scraped under the job that the rules know, by whatever means', () => {
    const objects = render(all);
    const daemonSet = only(objects, 'DaemonSet') as unknown as {
      spec: { template: { metadata: { annotations: object; labels: object } } };
    };
    expect(daemonSet.spec.template.metadata.annotations).toEqual({
      a: 'b',
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '1234',
      'prometheus.io/path': '/metrics',
    });
    const monitor = only(objects, 'PodMonitor');
    const { selector, podMetricsEndpoints } = monitor['spec'] as {
      selector: { matchLabels: object };
      podMetricsEndpoints: { port: string; relabelings: object[] }[];
    };
    expect(monitor.metadata.labels).toMatchObject({ release: 'p' });
    expect(daemonSet.spec.template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(podMetricsEndpoints[0]).toMatchObject({ port: 'http', path: '/metrics', interval: '30s' });
    expect(podMetricsEndpoints[0]?.relabelings).toEqual([
      { targetLabel: 'job', replacement: 'docker-image-cleaner' },
      { sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' },
    ]);
  });

  it('is scraped through a Service where that is wanted, pod by pod', () => {
    const set = ['metrics.serviceMonitor.enabled=true', 'http.port=1234', 'http.tokenSecret.name=secret'];
    const objects = render(set);
    const service = only(objects, 'Service') as unknown as {
      metadata: { labels: object };
      spec: { clusterIP: string; selector: object; ports: object[] };
    };
    const daemonSet = only(objects, 'DaemonSet') as unknown as {
      spec: { template: { metadata: { labels: object } } };
    };
    expect(service.spec.clusterIP).toBe('None');
    expect(service.spec.ports).toEqual([{ name: 'http', port: 1234, targetPort: 'http' }]);
    expect(daemonSet.spec.template.metadata.labels).toMatchObject(service.spec.selector);
    const { selector, endpoints } = only(objects, 'ServiceMonitor')['spec'] as {
      selector: { matchLabels: object };
      endpoints: object[];
    };
    expect(service.metadata.labels).toMatchObject(selector.matchLabels);
    expect(endpoints[0]).toMatchObject({
      port: 'http',
      authorization: { credentials: { name: 'secret', key: 'token' } },
      relabelings: [{ targetLabel: 'job', replacement: 'docker-image-cleaner' }, { targetLabel: 'instance' }],
    });
    expect(only(objects, 'NetworkPolicy')['spec']).toMatchObject({
      ingress: [{ from: [{ namespaceSelector: {} }] }],
    });
    expect(render(['metrics.service.enabled=true']).map(({ kind }) => kind)).not.toContain('ServiceMonitor');
    expect(render([]).map(({ kind }) => kind)).not.toContain('Service');
  });

  it('brings the dashboard as it is in deploy/grafana', () => {
    const map = only(render(['metrics.dashboard.enabled=true']), 'ConfigMap');
    expect(map.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    const data = map['data'] as Record<string, string>;
    expect(JSON.parse(data['docker-image-cleaner.json'] ?? '')).toEqual(
      JSON.parse(readFileSync(join(chart, '../../grafana/docker-image-cleaner.json'), 'utf8')),
    );
  });

  it('brings the rules as they are tested', () => {
    const rule = only(render(all), 'PrometheusRule');
    expect(rule['spec']).toEqual(
      parse(readFileSync(join(chart, '../../prometheus/rules.yaml'), 'utf8')) as unknown,
    );
    const none = render([]).map(({ kind }) => kind);
    expect(none).not.toContain('PrometheusRule');
    expect(none).not.toContain('PodMonitor');
  });
});

describe('the admission policy', () => {
  const api = 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy';
  const policies = (set: string[], more: string[] = []): number =>
    render(set, [], more).filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')).length;

  it('is installed where the cluster supports it', () => {
    expect(policies([])).toBe(0);
    expect(policies([], ['--api-versions', api])).toBe(2);
    expect(policies(['admissionPolicy.enabled=false'], ['--api-versions', api])).toBe(0);
    expect(policies(['admissionPolicy.enabled=true'])).toBe(2);
    expect(policies(['cleaner.cordonMode=none'], ['--api-versions', api])).toBe(0);
  });
});

describe('the uninstall hook', () => {
  it('has its own account and permissions, created before the Job and deleted with it', () => {
    const hook = render().filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-delete');
    expect(hook.map(({ kind }) => kind).sort()).toEqual([...rbacKinds, 'Job', 'ServiceAccount'].sort());
    for (const { kind, metadata } of hook) {
      expect(metadata.annotations?.['helm.sh/hook-weight']).toBe(kind === 'Job' ? '0' : '-10');
      expect(metadata.annotations?.['helm.sh/hook-delete-policy']).toBe(
        'before-hook-creation,hook-succeeded',
      );
    }
  });

  it('can run on a node that is cordoned or full, and waits longer than the pods may take', () => {
    const pod = podSpec(only(render(['terminationGracePeriodSeconds=90']), 'Job'));
    expect(pod.tolerations.map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        'node.kubernetes.io/unschedulable',
        'node.kubernetes.io/disk-pressure',
        'docker-image-cleaner.jupyter.org/cleaning',
      ]),
    );
    expect(pod.containers[0].args).toEqual([
      'uncordon',
      '--delete-daemonset',
      'cleaner-docker-image-cleaner',
      '--wait-seconds',
      '150',
    ]);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(pod.volumes).toBeUndefined();
  });
});
