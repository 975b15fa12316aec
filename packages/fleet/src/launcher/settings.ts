import { isIP } from 'node:net';
import {
  avatarSettings,
  eventSettings,
  validateAvatarStorage,
  readEnvironment,
  secretForHs256,
  tokenSettings,
} from '@clientela/runtime';
import { z } from 'zod';
import { type Peer, type Service, type Street, peers, services, settings as handedOn } from './services.ts';

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port is a number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'a port is a number from 0 to 65535');
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a key is 32 bytes in base64url: 43 characters');
const rate = z.string().regex(/^[1-9]\d{0,5}\/(?:second|minute|hour|day)$/, 'n/second, n/minute, n/hour or n/day');
const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'an address is postgresql://role:password@host:port/database',
});
const httpUrl = z
  .string()
  .regex(/^http:\/\/[^/@?#\s]+$/, 'an address is http://host:port')
  .refine((value) => URL.canParse(value), 'an address is http://host:port');
const upstreamUrl = z
  .string()
  .regex(/^https?:\/\/[^@?#\s]+$/, 'an address is http://host:port or https://host/path')
  .refine((value) => URL.canParse(value), 'an address is http://host:port or https://host/path');
const trusted = z
  .string()
  .refine(
    (value) => /^\d$/.test(value) || value.split(',').every((part) => isNetwork(part.trim())),
    'give the number of proxies in front, or their addresses (CIDR, comma separated)',
  );

const portNames = {
  gateway: 'PORT',
  auth: 'AUTH_PORT',
  customer: 'CUSTOMER_PORT',
  interaction: 'INTERACTION_PORT',
  product: 'PRODUCT_PORT',
  favorites: 'FAVORITES_PORT',
} as const;
const defaultPorts: Record<Peer, number> = {
  gateway: 8080,
  auth: 8001,
  customer: 8002,
  interaction: 8003,
  product: 8004,
  favorites: 8005,
};

/** The variable that moves a program to another port. */
export const portVariable = (program: Peer): string => portNames[program];

const optional = <S extends z.ZodType>(names: readonly string[], schema: S): Record<string, z.ZodOptional<S>> =>
  Object.fromEntries(names.map((name) => [name, schema.optional()]));
const each = (suffix: string, of: readonly string[] = services): string[] =>
  of.map((name) => `${name.toUpperCase()}_${suffix}`);

const shape = z.object({
  ...optional(Object.values(portNames), port),
  ...optional(each('SERVICE_URL'), httpUrl),
  ...optional(['ORDERS_SERVICE_URL', 'COMPLAINT_SERVICE_URL', 'SCHEDULING_SERVICE_URL'], upstreamUrl),
  ...optional(each('SERVICE_KEY', peers), key),
  ...optional(each('DATABASE_URL'), databaseUrl),
  ...optional(each('OWNER_DATABASE_URL'), databaseUrl),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
  ...optional(each('SECRET'), key),
  HOST: z
    .string()
    .refine((value) => isIP(value) !== 0, 'an IP address, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  TRUST_PROXY: trusted.optional(),
  ENVIRONMENT: z.enum(['development', 'production']).optional(),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['debug', 'info', 'warning', 'error']))
    .optional(),
  DEFAULT_COUNTRY: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166-1)')
    .optional(),
  DEFAULT_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217)')
    .optional(),
  ADMIN_EMAIL: z.email('an e-mail address').max(254).optional(),
  ADMIN_PASSWORD: z.string().min(8, 'at least 8 characters').max(128, 'at most 128 characters').optional(),
  ACCESS_TOKEN_EXPIRE_MINUTES: z
    .string()
    .refine(
      (value) => /^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= 1440,
      'a number of minutes from 1 to 1440',
    )
    .optional(),
  REFRESH_TOKEN_EXPIRE_DAYS: z
    .string()
    .refine(
      (value) => /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 365,
      'a number of days from 1 to 365',
    )
    .optional(),
  JWT_ALGORITHM: tokenSettings.JWT_ALGORITHM.unwrap().optional(),
  JWT_SECRET_KEY: tokenSettings.JWT_SECRET_KEY,
  LOGIN_RATE: rate.optional(),
  CUSTOMER_PATCH_RATE: rate.optional(),
  RATE_LIMITS: z.enum(['on', 'off']).optional(),
  ...avatarSettings,
  RABBITMQ_URL: eventSettings.RABBITMQ_URL,
  RABBITMQ_EXCHANGE: eventSettings.RABBITMQ_EXCHANGE.unwrap().optional(),
});

/** Every name that may be set: what `.env.example` lists. */
export const settingNames: readonly string[] = Object.keys(shape.shape);

// This looks at several settings, and runs whatever else is wrong: all faults are told together.
const Settings = shape.superRefine(
  (given, context) => {
    const values: Values = given;
    for (const [path, message] of [
      ...missing(values).map((name) => [name, 'is missing'] as const),
      ...samePorts(values),
    ]) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
    secretForHs256(given, context);
    validateAvatarStorage(given, context);
  },
  { when: () => true },
);

type Values = Readonly<Record<string, string | number | undefined>>;

export type Database = { url: string; owner_url: string };

export type Settings = {
  /** 0: a free one. */
  ports: Record<Peer, number>;
  /** Those whose port was given. */
  given_ports: readonly Peer[];
  service_urls: Partial<Record<Service, string>>;
  service_keys: Partial<Record<Peer, string>>;
  databases: Partial<Record<Service, Database>>;
  /** A server of the installation's own choice instead of the embedded one: the connection that makes databases and roles. */
  postgres_admin_url?: string;
  own_secrets: Partial<Record<Service, string>>;
  admin: { email?: string; password?: string };
  /** Handed on to the programs as they are. */
  given: Street['given'];
};

/**
 * Reads the settings of a fleet (API contract, section 11) once.
 * @throws EnvironmentError naming every fault, and no value
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const values: Values = readEnvironment(Settings, env);
  const text = (name: string) => (values[name] === undefined ? undefined : String(values[name]));
  const ofEach = <N extends string>(names: readonly N[], value: (name: N, upper: string) => unknown) =>
    Object.fromEntries(
      names.flatMap((name) => [[name, value(name, name.toUpperCase())]]).filter(([, found]) => found !== undefined),
    );

  const host = text('POSTGRES_HOST');
  const server = host && {
    host,
    port: text('POSTGRES_PORT') ?? '5432',
    user: text('POSTGRES_USER') ?? '',
    password: text('POSTGRES_PASSWORD') ?? '',
  };
  const email = text('ADMIN_EMAIL');
  const password = text('ADMIN_PASSWORD');
  return {
    ports: Object.fromEntries(
      peers.map((program) => [program, Number(values[portNames[program]] ?? defaultPorts[program])]),
    ) as Settings['ports'],
    given_ports: peers.filter((program) => values[portNames[program]] !== undefined),
    service_urls: ofEach(services, (_, upper) => text(`${upper}_SERVICE_URL`)),
    service_keys: ofEach(peers, (_, upper) => text(`${upper}_SERVICE_KEY`)),
    databases: ofEach(services, (_, upper) => {
      const url = text(`${upper}_DATABASE_URL`);
      const owner_url = text(`${upper}_OWNER_DATABASE_URL`);
      return url && owner_url ? { url, owner_url } : undefined;
    }),
    ...(server && { postgres_admin_url: adminUrl(server) }),
    own_secrets: ofEach(services, (_, upper) => text(`${upper}_SECRET`)),
    admin: { ...(email && { email }), ...(password && { password }) },
    given: Object.fromEntries(handedOn.flatMap((name) => (text(name) ? [[name, String(values[name])]] : []))),
  };
}

export function adminUrl({
  host,
  port,
  user,
  password,
}: {
  host: string;
  port: string;
  user: string;
  password: string;
}): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${name}:${port}/postgres`;
}

/** What belongs together is given together. */
function missing(values: Values): string[] {
  const groups = [
    { needed: ['POSTGRES_HOST', 'POSTGRES_USER', 'POSTGRES_PASSWORD'], also: ['POSTGRES_PORT'] },
    ...services.map((service) => ({
      needed: each('DATABASE_URL', [service, `${service}_owner`]),
      also: [] as string[],
    })),
  ];
  return groups
    .filter(({ needed, also }) => [...needed, ...also].some((name) => values[name] !== undefined))
    .flatMap(({ needed }) => needed.filter((name) => values[name] === undefined));
}

function samePorts(values: Values): (readonly [string, string])[] {
  const ports = peers.map((program) => ({
    program,
    port: Number(values[portNames[program]] ?? defaultPorts[program]),
  }));
  return ports.flatMap(({ program, port: wanted }, at) => {
    const earlier = ports.slice(0, at).find((other) => other.port === wanted && wanted !== 0);
    return earlier ? [[portNames[program], `the port is ${earlier.program}'s too`] as const] : [];
  });
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
