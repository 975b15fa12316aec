import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { type Peer, type Service, services } from '@clientela/contracts';

export type { Peer, Service } from '@clientela/contracts';
export { services } from '@clientela/contracts';
export const peers: readonly Peer[] = ['gateway', ...services];

/** The top of this checkout. */
export const repoRoot = resolve(import.meta.dirname, '../../../..');
/** Where a program lies in a checkout. */
export const folderOf = (program: Peer, street = repoRoot): string =>
  resolve(street, program === 'gateway' ? 'gateway' : `services/${program}`);

/** Whom a program calls or sends events to: it gets their addresses, and they the hash of its key. */
export const calls: Record<Peer, readonly Service[]> = {
  gateway: services,
  auth: ['customer', 'interaction', 'product', 'favorites'],
  customer: ['auth', 'interaction', 'product', 'favorites'],
  interaction: ['auth', 'customer', 'product'],
  product: ['auth'],
  favorites: ['auth', 'customer', 'product'],
};

/** Everything that the environments of the six programs are made of. */
export type Street = {
  ports: Record<Peer, number>;
  /** Where the others reach a service. */
  service_urls: Record<Service, string>;
  /** Of the app roles. */
  database_urls: Record<Service, string>;
  service_keys: Record<Peer, string>;
  /** Those before the last rotation: callees take them too. */
  previous_service_keys?: Partial<Record<Peer, string>>;
  /** What each service makes its own keys from. */
  own_secrets: Record<Service, string>;
  /** The settings for people, as they were given: absent ones are left to each program's own default. */
  given: Readonly<Partial<Record<Setting, string>>>;
};

export const settings = [
  'HOST',
  'TRUST_PROXY',
  'ENVIRONMENT',
  'LOG_LEVEL',
  'DEFAULT_COUNTRY',
  'DEFAULT_CURRENCY',
  'ACCESS_TOKEN_EXPIRE_MINUTES',
  'REFRESH_TOKEN_EXPIRE_DAYS',
  'JWT_ALGORITHM',
  'JWT_SECRET_KEY',
  'LOGIN_RATE',
  'CUSTOMER_PATCH_RATE',
  'RATE_LIMITS',
  'ORDERS_SERVICE_URL',
  'COMPLAINT_SERVICE_URL',
  'SCHEDULING_SERVICE_URL',
  'AVATARS_FOLDER',
  'AVATARS_S3_BUCKET',
  'AVATARS_S3_ENDPOINT',
  'AVATARS_S3_REGION',
  'AVATARS_S3_ACCESS_KEY_ID',
  'AVATARS_S3_SECRET_ACCESS_KEY',
  'RABBITMQ_URL',
  'RABBITMQ_EXCHANGE',
] as const;
type Setting = (typeof settings)[number];

const ofServices = ['RABBITMQ_URL', 'RABBITMQ_EXCHANGE'] as const;

/** Which of them a program reads, besides what all read. */
const readBy: Record<Peer, readonly Setting[]> = {
  gateway: ['HOST', 'TRUST_PROXY', 'JWT_ALGORITHM', 'JWT_SECRET_KEY', 'LOGIN_RATE', 'RATE_LIMITS'],
  auth: [
    ...ofServices,
    'DEFAULT_COUNTRY',
    'DEFAULT_CURRENCY',
    'ACCESS_TOKEN_EXPIRE_MINUTES',
    'REFRESH_TOKEN_EXPIRE_DAYS',
    'JWT_ALGORITHM',
    'JWT_SECRET_KEY',
  ],
  customer: [
    ...ofServices,
    'CUSTOMER_PATCH_RATE',
    'RATE_LIMITS',
    'ORDERS_SERVICE_URL',
    'COMPLAINT_SERVICE_URL',
    'SCHEDULING_SERVICE_URL',
    'AVATARS_FOLDER',
    'AVATARS_S3_BUCKET',
    'AVATARS_S3_ENDPOINT',
    'AVATARS_S3_REGION',
    'AVATARS_S3_ACCESS_KEY_ID',
    'AVATARS_S3_SECRET_ACCESS_KEY',
  ],
  interaction: ofServices,
  product: ofServices,
  favorites: ofServices,
};

/** A service key as its callees keep it. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** `caller=<hash>[,<hash>];…` of all that may call a service: by the key that each has, and by the one it had before. */
export const keyHashesFor = (
  service: Service,
  keys: Record<Peer, string>,
  previous: Partial<Record<Peer, string>> = {},
): string =>
  peers
    .filter((caller) => calls[caller].includes(service))
    .map(
      (caller) =>
        `${caller}=${[keys[caller], previous[caller]].flatMap((key) => (key ? [hashOf(key)] : [])).join(',')}`,
    )
    .join(';');

/** The exact variables of one program: nobody gets what it does not need. */
export function variablesOf(program: Peer, street: Street): Record<string, string> {
  const upper = program.toUpperCase();
  const addresses = calls[program].map((service) => [
    `${service.toUpperCase()}_SERVICE_URL`,
    street.service_urls[service],
  ]);
  const common = {
    [`${upper}_SERVICE_KEY`]: street.service_keys[program],
    ...Object.fromEntries(addresses),
    ...pick(street.given, ['ENVIRONMENT', 'LOG_LEVEL', ...readBy[program]]),
  };
  if (program === 'gateway') {
    return { ...common, PORT: String(street.ports.gateway) };
  }
  return {
    ...common,
    [`${upper}_PORT`]: String(street.ports[program]),
    HOST: '127.0.0.1',
    [`${upper}_DATABASE_URL`]: street.database_urls[program],
    [`${upper}_SECRET`]: street.own_secrets[program],
    SERVICE_KEY_HASHES: keyHashesFor(program, street.service_keys, street.previous_service_keys),
  };
}

function pick(given: Street['given'], names: readonly Setting[]): Record<string, string> {
  const found = names
    .map((name) => [name, given[name]] as const)
    .filter((entry): entry is [Setting, string] => entry[1] !== undefined);
  return Object.fromEntries(found);
}
