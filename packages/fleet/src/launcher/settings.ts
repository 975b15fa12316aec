import { isIP } from 'node:net';
import { join } from 'node:path';
import { outsideServices } from '@clientela/contracts';
import { isRefusedPort, readEnvironment } from '@clientela/runtime';
import { z } from 'zod';
import { mailsFolder } from '../mails/mailbox.ts';
import { loadServiceConfigs, type ServiceConfigs, settingsOf } from './service-configs.ts';
import { environmentFor, type FleetConfig, mapKeys, type Peer, peers, type Service, services } from './services.ts';

const outsideEntry = `(?:${outsideServices.join('|')})=[0-9a-f]{64}(?:,[0-9a-f]{64})?`;
const outsideKeyHashes = new RegExp(`^${outsideEntry}(?:;${outsideEntry})*$`);

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port from 0 to 65535')
  .refine((text) => Number(text) <= 65_535, 'must be a port from 0 to 65535');
const servicePort = port.refine((text) => !isRefusedPort(Number(text)), 'must be a port that browsers do not refuse');
const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be postgresql://role:password@host:port/database',
});

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

/** The setting that moves a process to another port. */
export const portVariable = (peer: Peer): string => portNames[peer];

/** The hashes of the keys of outside services: `orders=<hex>[,<hex>];scheduling=<hex>`. */
export const OutsideKeyHashes = z
  .string()
  .regex(outsideKeyHashes, `must be ${outsideServices.join(', ')}=sha256[,sha256] in hex, separated by semicolons`);

const optional = <S extends z.ZodType>(names: readonly string[], schema: S): Record<string, z.ZodOptional<S>> =>
  Object.fromEntries(names.map((name) => [name, schema.optional()]));
const namesOf = (suffix: string, prefixes: readonly string[] = services): string[] =>
  prefixes.map((name) => `${name.toUpperCase()}_${suffix}`);

/** The launcher's own settings, and settings of the processes that it validates more strictly or with port 0 allowed. */
const launcherSettings = {
  ...optional(Object.values(portNames), servicePort),
  HOST: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
  ...optional(namesOf('OWNER_DATABASE_URL'), databaseUrl),
  // The keys of the fleet's own services are added to these.
  SERVICE_KEY_HASHES: OutsideKeyHashes.optional(),
  ADMIN_EMAIL: z.email('must be an e-mail address').max(254).optional(),
  ADMIN_PASSWORD: z
    .string()
    .min(8, 'must have at least 8 characters')
    .max(128, 'must have at most 128 characters')
    .optional(),
};

type Values = Readonly<Partial<Record<string, string>>>;
type Issue = readonly [name: string, message: string];

export type DatabaseUrls = { url: string; ownerUrl: string };

export type Settings = {
  /** 0 stands for a free port. */
  ports: Record<Peer, number>;
  /** The processes whose port was set. */
  fixedPorts: readonly Peer[];
  serviceUrls: Partial<Record<Service, string>>;
  serviceKeys: Partial<Record<Peer, string>>;
  databases: Partial<Record<Service, DatabaseUrls>>;
  /** Connection that creates databases and roles on an external server. Absent with the embedded one. */
  postgresAdminUrl?: string;
  ownSecrets: Partial<Record<Service, string>>;
  admin: { email?: string; password?: string };
  /** Every setting as the operator gave it, passed on to the processes that read it. */
  overrides: Values;
  /** Names of the settings that each process reads. */
  settingsOf: Record<Peer, readonly string[]>;
};

/** Lists every setting that an operator may set, as `.env.example` documents them. */
export const settingNames = (configs: ServiceConfigs): string[] => [
  ...new Set([...Object.values(settingsOf(configs)).flat(), ...Object.keys(launcherSettings)]),
];

/**
 * Reads the settings of a fleet (API contract, section 11). What a process reads is validated by that process's own schema.
 * @param root the checkout whose config schemas apply
 * @throws EnvironmentError naming every invalid setting, and no value
 */
export async function readSettings(env: NodeJS.ProcessEnv, root?: string): Promise<Settings> {
  const configs = await loadServiceConfigs(root, env);
  const schema = z
    .object({ ...optional(settingNames(configs), z.string()), ...launcherSettings })
    // Runs although single settings are invalid, so that all issues are reported together.
    .superRefine(
      (values: Values, context) => {
        const issues = [
          ...missing(values).map((name): Issue => [name, 'is missing']),
          ...samePorts(values),
          ...serviceIssues(configs, values),
        ];
        for (const [name, message] of issues) context.addIssue({ code: 'custom', path: [name], message });
      },
      { when: () => true },
    );
  return toSettings(readEnvironment(schema, env) as Values, settingsOf(configs));
}

function toSettings(values: Values, names: Settings['settingsOf']): Settings {
  const text = (name: string) => values[name];
  const defined = <N extends string, V>(keys: readonly N[], value: (upper: string) => V | undefined) =>
    Object.fromEntries(
      keys.map((key) => [key, value(key.toUpperCase())] as const).filter(([, found]) => found !== undefined),
    ) as Partial<Record<N, V>>;
  const host = text('POSTGRES_HOST');
  const [email, password] = [text('ADMIN_EMAIL'), text('ADMIN_PASSWORD')];
  return {
    ports: mapKeys(peers, (peer) => portOf(values, peer)),
    fixedPorts: peers.filter((peer) => text(portNames[peer]) !== undefined),
    serviceUrls: defined(services, (upper) => text(`${upper}_SERVICE_URL`)),
    serviceKeys: defined(peers, (upper) => text(`${upper}_SERVICE_KEY`)),
    databases: defined(services, (upper) => {
      const url = text(`${upper}_DATABASE_URL`);
      const ownerUrl = text(`${upper}_OWNER_DATABASE_URL`);
      return url && ownerUrl ? { url, ownerUrl } : undefined;
    }),
    ...(host && {
      postgresAdminUrl: adminUrl({
        host,
        port: text('POSTGRES_PORT') ?? '5432',
        user: text('POSTGRES_USER') ?? '',
        password: text('POSTGRES_PASSWORD') ?? '',
      }),
    }),
    ownSecrets: defined(services, (upper) => text(`${upper}_SECRET`)),
    admin: { ...(email && { email }), ...(password && { password }) },
    overrides: values,
    settingsOf: names,
  };
}

/** Stores avatars, uploads of imports and unsent mails in the installation's folder unless the settings choose another place. */
export const withDataFolders = (values: Values, folder: string): Values => ({
  ...(!Object.keys(values).some((name) => name.startsWith('AVATARS_')) && { AVATARS_FOLDER: join(folder, 'avatars') }),
  IMPORTS_FOLDER: join(folder, 'imports'),
  MAILS_FOLDER: mailsFolder(folder),
  ...values,
});

export function adminUrl(server: { host: string; port: string; user: string; password: string }): string {
  const { host, port: number, user, password } = server;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${name}:${number}/postgres`;
}

const portOf = (values: Values, peer: Peer): number => Number(values[portNames[peer]] ?? defaultPorts[peer]);

/** Settings that are required because others of their group are set. */
function missing(values: Values): string[] {
  const groups = [
    { required: ['POSTGRES_HOST', 'POSTGRES_USER', 'POSTGRES_PASSWORD'], optional: ['POSTGRES_PORT'] },
    ...services.map((service) => ({
      required: namesOf('DATABASE_URL', [service, `${service}_owner`]),
      optional: [] as string[],
    })),
  ];
  return groups
    .filter((group) => [...group.required, ...group.optional].some((name) => values[name] !== undefined))
    .flatMap(({ required }) => required.filter((name) => values[name] === undefined));
}

function samePorts(values: Values): Issue[] {
  return peers.flatMap((peer, index): Issue[] => {
    const number = portOf(values, peer);
    const earlier = peers.slice(0, index).find((other) => portOf(values, other) === number && number !== 0);
    return earlier ? [[portNames[peer], `is the port of ${earlier} too`]] : [];
  });
}

/** Parses the environment that each process would receive with the process's own schema. */
function serviceIssues(configs: ServiceConfigs, values: Values): Issue[] {
  const url = 'http://127.0.0.1:8080';
  const secret = 'x'.repeat(43);
  // Placeholders stand for values that the launcher creates later.
  const fleet: FleetConfig = {
    ports: mapKeys(peers, () => 8080),
    serviceUrls: mapKeys(services, (service) => values[`${service.toUpperCase()}_SERVICE_URL`] ?? url),
    databaseUrls: mapKeys(
      services,
      (service) => values[`${service.toUpperCase()}_DATABASE_URL`] ?? 'postgresql://127.0.0.1/placeholder',
    ),
    serviceKeys: mapKeys(peers, (peer) => values[`${peer.toUpperCase()}_SERVICE_KEY`] ?? secret),
    ownSecrets: mapKeys(services, (service) => values[`${service.toUpperCase()}_SECRET`] ?? secret),
    overrides: withDataFolders(values, '/placeholder'),
    settingsOf: settingsOf(configs),
  };
  return peers.flatMap((peer) => {
    const parsed = configs[peer].safeParse(environmentFor(peer, fleet));
    return (parsed.error?.issues ?? []).map(({ path, message }): Issue => [path.join('.'), message]);
  });
}
