import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readEnvironment } from '@clientela/runtime';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadServiceConfigs } from '../launcher/service-configs.ts';
import { calls, peers, repoRoot, services } from '../launcher/services.ts';
import { Config as MigrateConfig } from './migrate.ts';
import { setUp } from './setup.ts';

// oxlint-disable-next-line no-explicit-any -- check-manifests.ts checks the types
type Resource = { kind: string; metadata: { name: string; labels: Record<string, string> }; spec?: any };

const kubernetes = join(repoRoot, 'ops/kubernetes');
const base = join(kubernetes, 'base');
const files = readdirSync(base).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const resources = files.flatMap((file) =>
  parseAllDocuments(readFileSync(join(base, file), 'utf8')).map((document) => document.toJS() as Resource),
);
const resource = (kind: string, name: string): Resource => {
  const found = resources.find((each) => each.kind === kind && each.metadata.name === name);
  if (!found) throw new Error(`ops/kubernetes/base has no ${kind} ${name}`);
  return found;
};
const programs = [...peers, 'migrate'];
const configs = { ...(await loadServiceConfigs()), migrate: MigrateConfig };
const settingsText = (program: string) => readFileSync(join(base, `settings/${program}.env`), 'utf8');
const settingsOf = (program: string): Record<string, string | undefined> => parseEnv(settingsText(program));
const portOf = (peer: string) => Number(settingsOf(peer)[peer === 'gateway' ? 'PORT' : `${peer.toUpperCase()}_PORT`]);
const podOf = (program: string) => resource(program === 'migrate' ? 'Job' : 'Deployment', program).spec.template;

test.each(programs)('sets every setting in the config of %s, and no other', (program) => {
  const names = [...settingsText(program).matchAll(/^(\w+?)(?:_FILE)?=/gm)].map(([, name]) => name);
  expect(names.toSorted()).toEqual(Object.keys(configs[program as keyof typeof configs].shape).toSorted());
});

test('each program accepts its settings, with the secrets that setup creates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  setUp(folder, 'postgres:5432', { address: 'rabbitmq:5672', exchange: 'bee.customers.events', folder: '/secrets' });
  for (const program of programs) {
    const settings = Object.entries(settingsOf(program)).map(([name, value = '']) => [
      name,
      value.replace('/secrets', join(folder, program)),
    ]);
    const env = Object.fromEntries(settings) as NodeJS.ProcessEnv;
    expect(() => readEnvironment(configs[program as keyof typeof configs], env), program).not.toThrow();
  }
  rmSync(folder, { recursive: true });
});

test('mounts secrets as files: none is the value of a variable', () => {
  for (const program of programs)
    for (const [name, value = ''] of Object.entries(settingsOf(program)))
      if (
        /(?:SECRET|SECRET_KEY|SERVICE_KEY|SECRET_ACCESS_KEY|PASSWORD|TOKEN|HASHES|DATABASE_URL|RABBITMQ_URL)$/.test(
          name,
        )
      )
        expect(`${program} ${name}`).toMatch(/_FILE$/);
      else if (name.endsWith('_FILE')) expect(value).toMatch(/^(?:\/secrets\/\w+)?$/);
});

test('lists every file in kustomization.yaml, and settings of every program', () => {
  const kustomization = parse(readFileSync(join(base, 'kustomization.yaml'), 'utf8')) as {
    resources: string[];
    configMapGenerator: object[];
  };
  expect(kustomization.resources.toSorted()).toEqual(files.toSorted());
  expect(kustomization.configMapGenerator).toEqual(
    programs.map((name) => ({
      name: `${name}-settings`,
      envs: [`settings/${name}.env`],
      options: { labels: resource('ServiceAccount', name).metadata.labels },
    })),
  );
});

test.each(peers)('%s runs twice, is replaced without a gap, and is checked as it says', (peer) => {
  const { spec } = resource('Deployment', peer);
  const scaler = resources.find(({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === peer);
  expect(spec.replicas ?? scaler?.spec.minReplicas).toBe(2);
  expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  expect(resource('PodDisruptionBudget', peer).spec.maxUnavailable).toBe(1);
  const [container] = spec.template.spec.containers;
  expect(container.startupProbe).toMatchObject({ periodSeconds: 2, failureThreshold: 30 });
  for (const probe of ['startupProbe', 'livenessProbe'])
    expect(container[probe].httpGet).toEqual({ path: '/health', port: 'http' });
  expect(container.readinessProbe.httpGet).toEqual({ path: '/ready', port: 'http' });
  expect(container.lifecycle.preStop.exec.command).toEqual(['sleep', '5']);
  expect(spec.template.spec.terminationGracePeriodSeconds).toBe(40);
  expect(container.ports).toEqual([{ name: 'http', containerPort: portOf(peer) }]);
  expect(resource('Service', peer).spec.ports).toEqual([
    { name: 'http', port: portOf(peer), targetPort: 'http', appProtocol: 'http' },
  ]);
  for (const callee of calls[peer])
    expect(settingsOf(peer)[`${callee.toUpperCase()}_SERVICE_URL`]).toBe(`http://${callee}:${portOf(callee)}`);
});

test('the gateway is scaled from two to ten by its CPU', () => {
  expect(resource('HorizontalPodAutoscaler', 'gateway').spec).toMatchObject({
    scaleTargetRef: { kind: 'Deployment', name: 'gateway' },
    minReplicas: 2,
    maxReplicas: 10,
    metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 60 } } }],
  });
});

test.each(programs)('%s runs without privileges, and reads nothing but its own settings and secrets', (program) => {
  const { spec } = podOf(program);
  expect(resource('ServiceAccount', program)).toMatchObject({ automountServiceAccountToken: false });
  expect(spec).toMatchObject({
    serviceAccountName: program,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  });
  expect(spec.containers).toHaveLength(1);
  const [container] = spec.containers;
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.image).toBe(`clientela-${program === 'migrate' ? 'fleet' : program}`);
  expect(container.envFrom).toEqual([{ configMapRef: { name: `${program}-settings` } }]);
  expect(container.env).toBeUndefined();
  expect(container.resources).toEqual({
    requests: { cpu: '50m', memory: expect.any(String) },
    limits: { memory: expect.any(String) },
  });
  const secrets = spec.volumes.filter((volume: { secret?: object }) => volume.secret);
  expect(secrets).toEqual([{ name: 'secrets', secret: { secretName: `${program}-secrets`, defaultMode: 0o440 } }]);
  const mounts = container.volumeMounts as { name: string; mountPath: string; readOnly?: boolean }[];
  expect(mounts.find(({ name }) => name === 'secrets')).toEqual({
    name: 'secrets',
    mountPath: '/secrets',
    readOnly: true,
  });
});

test('every selector and reference finds what it names', () => {
  for (const { kind, metadata, spec } of resources) {
    expect(metadata.labels['app.kubernetes.io/part-of'], `${kind} ${metadata.name}`).toBe('clientela');
    const selector = spec?.selector?.matchLabels ?? (kind === 'Service' ? spec.selector : undefined);
    if (selector) expect(selector, `${kind} ${metadata.name}`).toEqual({ 'app.kubernetes.io/name': metadata.name });
  }
  for (const program of programs) {
    expect(podOf(program).metadata.labels).toEqual(resource('ServiceAccount', program).metadata.labels);
    for (const { labelSelector } of podOf(program).spec.topologySpreadConstraints ?? [])
      expect(labelSelector.matchLabels).toEqual({ 'app.kubernetes.io/name': program });
    for (const { persistentVolumeClaim } of podOf(program).spec.volumes)
      if (persistentVolumeClaim) resource('PersistentVolumeClaim', persistentVolumeClaim.claimName);
  }
});

test('a service is reached by its callers only, and everything else is denied', () => {
  const named = (name: string) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });
  const port = (peer: string) => [{ protocol: 'TCP', port: portOf(peer) }];
  expect(resource('NetworkPolicy', 'clientela').spec).toMatchObject({
    podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'clientela' } },
    policyTypes: ['Ingress', 'Egress'],
  });
  expect(resource('NetworkPolicy', 'clientela').spec.ingress).toBeUndefined();
  for (const peer of peers) {
    const { spec } = resource('NetworkPolicy', peer);
    expect(spec.podSelector).toEqual(named(peer).podSelector);
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.egress).toEqual(calls[peer].map((callee) => ({ to: [named(callee)], ports: port(callee) })));
    const callers = peers.filter((caller) => (calls[caller] as readonly string[]).includes(peer));
    expect(spec.ingress).toEqual([
      peer === 'gateway' ? { ports: port(peer) } : { from: callers.map(named), ports: port(peer) },
    ]);
  }
  const others = resources.filter(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && !peers.some((peer) => peer === metadata.name),
  );
  expect(others.map(({ metadata }) => metadata.name).toSorted()).toEqual(['clientela', 'data', 'redis']);
  for (const { spec } of others) expect(spec.ingress).toBeUndefined();
});

test('the customer service shares one volume between its replicas, for uploads and avatars', () => {
  expect(resource('PersistentVolumeClaim', 'customer-files').spec.accessModes).toEqual(['ReadWriteMany']);
  const mounts = podOf('customer').spec.containers[0].volumeMounts as { mountPath: string; subPath?: string }[];
  const shared = mounts.filter(({ subPath }) => subPath).map(({ mountPath }) => mountPath);
  const { IMPORTS_FOLDER, AVATARS_FOLDER } = settingsOf('customer');
  expect(shared).toEqual([IMPORTS_FOLDER, AVATARS_FOLDER]);
  for (const service of services) if (service !== 'customer') expect(podOf(service).spec.volumes).toHaveLength(2);
});

test('kubectl renders the overlays, where it is installed', () => {
  if (spawnSync('kubectl', ['version', '--client']).status !== 0) return;
  const render = (folder: string) => {
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(kubernetes, folder)], {
      encoding: 'utf8',
    });
    expect([folder, status, stderr]).toEqual([folder, 0, '']);
    return parseAllDocuments(stdout).map((document) => document.toJS() as Resource);
  };
  const images = (rendered: Resource[]) =>
    rendered
      .flatMap(({ spec }) => (spec?.template?.spec.containers ?? []) as { image: string }[])
      .map(({ image }) => image);
  const development = render('overlays/dev');
  expect(images(development)).toHaveLength(programs.length);
  for (const image of images(development)) expect(image).toMatch(/^clientela-\w+:dev$/);
  for (const { kind, spec } of development) if (kind === 'Deployment') expect(spec.replicas).toBe(1);
  expect(development.some(({ kind }) => kind === 'HorizontalPodAutoscaler')).toBe(false);
  const production = render('overlays/production');
  expect(production.filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(programs.length);
  for (const image of images(production))
    expect(image).toMatch(/^registry\.example\.com\/clientela\/\w+:\d+\.\d+\.\d+$/);
});
