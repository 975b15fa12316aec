import { join } from 'node:path';
import { keepSecret, newSecret, readSecret, writeSecret } from '@clientela/embedded-postgres';
import { mapKeys, type Peer, peers, type Service, services } from './services.ts';

/** The secrets of one installation. None of them is logged or passed as an argument. */
export type Secrets = {
  serviceKeys: Record<Peer, string>;
  /** Keys before the last rotation, which are still accepted. */
  previousServiceKeys: Partial<Record<Peer, string>>;
  /** The secret from which each service derives its keys. */
  ownSecrets: Record<Service, string>;
  rolePasswords: Record<Service, { owner: string; app: string }>;
};

/**
 * Reads the secrets of an installation, one file each in `<folder>/secrets` (0700, files 0600). Creates the missing ones.
 * @param overrides secrets from the settings, which are used instead and not stored
 */
export function openSecrets(
  folder: string,
  overrides: { serviceKeys?: Partial<Record<Peer, string>>; ownSecrets?: Partial<Record<Service, string>> } = {},
): Secrets {
  const secrets = join(folder, 'secrets');
  const keep = (name: string) => keepSecret(secrets, name);
  const previousKeys = peers.flatMap((peer) => {
    const key = overrides.serviceKeys?.[peer] ? undefined : readSecret(secrets, previousKeyName(peer));
    return key === undefined ? [] : [[peer, key]];
  });
  return {
    serviceKeys: mapKeys(peers, (peer) => overrides.serviceKeys?.[peer] ?? keep(`${peer}_service_key`)),
    previousServiceKeys: Object.fromEntries(previousKeys),
    ownSecrets: mapKeys(services, (service) => overrides.ownSecrets?.[service] ?? keep(`${service}_secret`)),
    rolePasswords: mapKeys(services, (service) => ({
      owner: keep(`${service}_owner_password`),
      app: keep(`${service}_app_password`),
    })),
  };
}

const previousKeyName = (peer: Peer) => `${peer}_service_key_previous`;

/** Replaces service keys and keeps the current ones as the previous ones. Takes effect with the next start. */
export function rotateServiceKeys(folder: string, rotatedPeers: readonly Peer[]): void {
  const secrets = join(folder, 'secrets');
  for (const peer of rotatedPeers) {
    const name = `${peer}_service_key`;
    // Stored first, so that an interrupted rotation loses no key.
    writeSecret(secrets, previousKeyName(peer), keepSecret(secrets, name));
    writeSecret(secrets, name, newSecret());
  }
}
