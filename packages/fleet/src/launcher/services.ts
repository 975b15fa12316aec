import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { type Peer, type Service, services } from '@clientela/contracts';

export type { Peer, Service } from '@clientela/contracts';
export { services } from '@clientela/contracts';
export const peers: readonly Peer[] = ['gateway', ...services];

/** Root of this checkout. */
export const repoRoot = resolve(import.meta.dirname, '../../../..');
/** Folder of the gateway or of a service in a checkout. */
export const folderOf = (peer: Peer, root = repoRoot): string =>
  resolve(root, peer === 'gateway' ? 'gateway' : `services/${peer}`);

/** The services that a peer calls or sends events to. It receives their URLs; they receive the hash of its key. */
export const calls: Record<Peer, readonly Service[]> = {
  gateway: services,
  auth: ['customer', 'interaction', 'product', 'favorites'],
  customer: ['auth', 'interaction', 'product', 'favorites'],
  interaction: ['auth', 'customer', 'product'],
  product: ['auth'],
  favorites: ['auth', 'customer', 'product'],
};

/** The values from which the environments of the six processes are built. */
export type FleetConfig = {
  ports: Record<Peer, number>;
  /** Where other processes reach a service. */
  serviceUrls: Record<Service, string>;
  /** Connections of the app roles. */
  databaseUrls: Record<Service, string>;
  serviceKeys: Record<Peer, string>;
  /** Keys before the last rotation. Callees still accept them. */
  previousServiceKeys?: Partial<Record<Peer, string>>;
  /** The secret from which each service derives its keys. */
  ownSecrets: Record<Service, string>;
  /** Settings as the operator gave them. Absent ones get the default of the process that reads them. */
  overrides: Readonly<Partial<Record<string, string>>>;
  /** Names of the settings that each process reads, from its config schema. */
  settingsOf: Record<Peer, readonly string[]>;
};

/** SHA-256 of a service key in hex. Callees store only this. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The services that outside services may call, by the keys whose hashes the operator's SERVICE_KEY_HASHES holds. */
const calledFromOutside: ReadonlySet<Service> = new Set(['auth', 'customer']);

/**
 * Builds `caller=<hash>[,<hash>];…` with the current and the previous key of every peer that may call a service.
 * @param outside the same for outside services, as the operator set it
 */
export const keyHashesFor = (
  service: Service,
  keys: Record<Peer, string>,
  previousKeys: Partial<Record<Peer, string>> = {},
  outside?: string,
): string =>
  [
    ...peers
      .filter((caller) => calls[caller].includes(service))
      .map(
        (caller) =>
          `${caller}=${[keys[caller], previousKeys[caller]].flatMap((key) => (key ? [hashOf(key)] : [])).join(',')}`,
      ),
    ...(outside && calledFromOutside.has(service) ? [outside] : []),
  ].join(';');

/** Builds the environment of one process. It contains nothing that the process does not read. */
export function environmentFor(peer: Peer, fleet: FleetConfig): Record<string, string> {
  const upper = peer.toUpperCase();
  const urls = calls[peer].map((service) => [`${service.toUpperCase()}_SERVICE_URL`, fleet.serviceUrls[service]]);
  const common = {
    // There is one process of each, and all stop together: no other one could take over.
    ...(fleet.settingsOf[peer].includes('DRAIN_DELAY') && { DRAIN_DELAY: '0' }),
    ...pick(fleet.overrides, fleet.settingsOf[peer]),
    [`${upper}_SERVICE_KEY`]: fleet.serviceKeys[peer],
    ...Object.fromEntries(urls),
  };
  if (peer === 'gateway') return { ...common, PORT: String(fleet.ports.gateway) };
  return {
    ...common,
    [`${upper}_PORT`]: String(fleet.ports[peer]),
    HOST: '127.0.0.1',
    [`${upper}_DATABASE_URL`]: fleet.databaseUrls[peer],
    [`${upper}_SECRET`]: fleet.ownSecrets[peer],
    SERVICE_KEY_HASHES: keyHashesFor(
      peer,
      fleet.serviceKeys,
      fleet.previousServiceKeys,
      fleet.overrides['SERVICE_KEY_HASHES'],
    ),
  };
}

function pick(values: FleetConfig['overrides'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Builds a record with one entry per name. */
export const mapKeys = <N extends string, V>(names: readonly N[], value: (name: N) => V): Record<N, V> =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<N, V>;
