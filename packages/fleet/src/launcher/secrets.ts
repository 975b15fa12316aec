import { join } from 'node:path';
import { type Peer, type Service, peers, services } from './services.ts';
import { keepSecret, newSecret, readSecret, writeSecret } from '@clientela/embedded-postgres';

/** What only this installation knows. None of it is ever logged, or an argument of a program. */
export type Secrets = {
  service_keys: Record<Peer, string>;
  /** Those before the last rotation, which are good still. */
  previous_service_keys: Partial<Record<Peer, string>>;
  /** What each service makes its own keys from. */
  own_secrets: Record<Service, string>;
  role_passwords: Record<Service, { owner: string; app: string }>;
};

/**
 * The secrets of an installation: made on the first start, one file each below `<folder>/secrets` (0700, files 0600), read later.
 * What the settings give is used instead, and not kept.
 */
export function openSecrets(
  folder: string,
  given: { service_keys?: Partial<Record<Peer, string>>; own_secrets?: Partial<Record<Service, string>> } = {},
): Secrets {
  const keep = (name: string) => keepSecret(join(folder, 'secrets'), name);
  const before = (program: Peer) =>
    given.service_keys?.[program] ? undefined : readSecret(join(folder, 'secrets'), previous(program));
  return {
    service_keys: record(peers, (program) => given.service_keys?.[program] ?? keep(`${program}_service_key`)),
    previous_service_keys: Object.fromEntries(
      peers.flatMap((program) => {
        const key = before(program);
        return key === undefined ? [] : [[program, key]];
      }),
    ),
    own_secrets: record(services, (service) => given.own_secrets?.[service] ?? keep(`${service}_secret`)),
    role_passwords: record(services, (service) => ({
      owner: keep(`${service}_owner_password`),
      app: keep(`${service}_app_password`),
    })),
  };
}

const previous = (program: Peer) => `${program}_service_key_previous`;

/** Gives programs new service keys, and keeps the present ones as those before; they take effect with the next start. */
export function rotateServiceKeys(folder: string, which: readonly Peer[]): void {
  const secrets = join(folder, 'secrets');
  for (const program of which) {
    const name = `${program}_service_key`;
    writeSecret(secrets, previous(program), keepSecret(secrets, name)); // first: a run cut short here loses no key
    writeSecret(secrets, name, newSecret());
  }
}

export const record = <N extends string, V>(names: readonly N[], value: (name: N) => V): Record<N, V> =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<N, V>;
