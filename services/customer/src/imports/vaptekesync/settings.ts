import { Port } from '@clientela/runtime';
import { z } from 'zod';

const integer = (max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`)
    .default(fallback);

/** Settings of the database that customers are imported from. Without VAPTEKESYNC_HOST no address is contacted. */
export const importSourceSettings = {
  VAPTEKESYNC_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an address')
    .optional(),
  VAPTEKESYNC_PORT: Port.optional(),
  VAPTEKESYNC_DB: z.string().default('vAptekeSync'),
  VAPTEKESYNC_USER: z.string().optional(),
  VAPTEKESYNC_PASSWORD: z.string().optional(),
  VAPTEKESYNC_CLIENT: z.enum(['mssql', 'pg', 'mysql2'], 'must be mssql, pg or mysql2').default('mssql'),
  MSSQL_TIMEOUT: integer(3600, 30).refine((seconds) => seconds > 0, 'must be at least 1'),
  MSSQL_RETRIES_COUNT: integer(100, 2),
  MSSQL_RETRIES_SLEEP: integer(3600, 30),
  MSSQL_ENCRYPT: z.enum(['on', 'off'], 'must be on or off').default('on'),
};

type Settings = z.infer<z.ZodObject<typeof importSourceSettings>>;

/** A configured source. Times in milliseconds. */
export type ImportSource = {
  client: Settings['VAPTEKESYNC_CLIENT'];
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** For the connection, and for each statement. */
  timeout: number;
  /** Further tries after the first one. */
  retries: number;
  /** Between two tries. */
  pause: number;
  encrypt: boolean;
};

const defaultPorts = { mssql: 1433, pg: 5432, mysql2: 3306 } as const;

/** Returns the source that the settings name; undefined without VAPTEKESYNC_HOST. */
export const importSourceOf = (settings: Settings): ImportSource | undefined =>
  settings.VAPTEKESYNC_HOST === undefined
    ? undefined
    : {
        client: settings.VAPTEKESYNC_CLIENT,
        host: settings.VAPTEKESYNC_HOST,
        port: settings.VAPTEKESYNC_PORT ?? defaultPorts[settings.VAPTEKESYNC_CLIENT],
        database: settings.VAPTEKESYNC_DB,
        user: settings.VAPTEKESYNC_USER ?? '',
        password: settings.VAPTEKESYNC_PASSWORD ?? '',
        timeout: settings.MSSQL_TIMEOUT * 1000,
        retries: settings.MSSQL_RETRIES_COUNT,
        pause: settings.MSSQL_RETRIES_SLEEP * 1000,
        encrypt: settings.MSSQL_ENCRYPT === 'on',
      };
