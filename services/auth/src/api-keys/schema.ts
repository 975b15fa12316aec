import { keyRoles, permissions } from '@clientela/contracts';
import {
  creationBody,
  Instant,
  keyword,
  nameSchemas,
  offsetPageSchema,
  offsetQuery,
  text,
  Uuid,
  type IgnoredFields,
} from '@clientela/validation';
import { z } from 'zod';

const maxNetworks = 100;

const networkMessage = 'must be an IP address or a network such as 10.0.0.0/8';
/** An IP address, or a network in CIDR notation (RFC 4632, RFC 4291). */
const Network = z
  .union([z.ipv4(), z.cidrv4(), z.ipv6(), z.cidrv6()], networkMessage)
  // It would never match: clients of IPv4 are seen with their IPv4 address.
  .refine((network) => !/^::ffff:/i.test(network), networkMessage)
  .meta({ examples: ['203.0.113.0/24', '2001:db8::/32'] });

const Permissions = z.array(keyword(permissions)).min(1).max(permissions.length);
const AllowedIps = z.array(Network).min(1).max(maxNetworks);

/** A key as responses show it, without the key itself. */
export const ApiKey = z.strictObject({
  id: Uuid,
  name: z.string(),
  prefix: z.string().meta({ description: 'The first 8 characters of the key', examples: ['clt_7Fq2'] }),
  role: z.enum(keyRoles),
  permissions: z
    .array(z.string())
    .nullable()
    .meta({ description: 'What the key may do of what its role may; null for all of it' }),
  allowed_ips: z
    .array(z.string())
    .nullable()
    .meta({ description: 'Networks from which it may be used; null for everywhere' }),
  rate_per_minute: z.int().nullable().meta({ description: 'null for the limit of a user' }),
  expires_at: Instant,
  last_used_at: Instant.nullable().meta({ description: 'Exact to a minute' }),
  last_used_ip: z.string().nullable(),
  created_by: Uuid.nullable().meta({ description: 'The user who made it; null once that user was erased' }),
  created_at: Instant,
  revoked_at: Instant.nullable(),
  version: z.int(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** A use of the key changes these by itself. */
export const ignoredFields: IgnoredFields = { moving: ['last_used_at', 'last_used_ip'] };

const newApiKey = z.strictObject({
  name: text(100),
  role: keyword(keyRoles),
  permissions: Permissions.nullable().optional().meta({
    description: 'A part of the role’s permissions. Default: those that the role has at the time of each request',
  }),
  expires_at: Instant.optional().meta({ description: 'Default: in a year. At most two years ahead' }),
  allowed_ips: AllowedIps.nullable().optional(),
  rate_per_minute: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .meta({ description: 'At most RATE_LIMIT_USER_PER_MINUTE, which is the default' }),
});
export const NewApiKey = creationBody(ApiKey, newApiKey, ignoredFields);
export type NewApiKey = z.infer<typeof NewApiKey>;

export const WritableApiKey = z.strictObject({
  name: text(100),
  permissions: Permissions.nullable(),
  allowed_ips: AllowedIps.nullable(),
  expires_at: Instant.meta({ description: 'Earlier than it is' }),
});
export type ApiKeyChanges = Partial<z.infer<typeof WritableApiKey>>;

export const Rotation = z.strictObject({
  grace: z
    .string()
    .regex(/^(?:0|\d{1,6}[smhd])$/i, 'must be a duration such as 24h: a number of s, m, h or d')
    .default('24h')
    .meta({ description: 'How long the old key stays good: 0 to 7d' }),
});

export const ApiKeyParams = z.strictObject({ key_id: Uuid });
export const ApiKeyQuery = z.strictObject({ ...offsetQuery });
export const ApiKeyList = offsetPageSchema('api_keys', ApiKey);
export const ApiKeyRead = z.strictObject({ api_key: ApiKey });
export const ApiKeyResponse = z.strictObject({ message: z.string(), api_key: ApiKey });
export const IssuedApiKey = ApiKeyResponse.extend({
  key: z.string().meta({ description: 'The key itself, which is shown this one time' }),
});

/** A key as responses about its maker name it. */
export const MadeApiKey = z.strictObject({ id: Uuid, name: z.string() });
export type MadeApiKey = z.infer<typeof MadeApiKey>;

nameSchemas({
  ApiKey,
  NewApiKey,
  Rotation,
  ApiKeyList,
  ApiKeyRead,
  ApiKeyResponse,
  IssuedApiKey,
  MadeApiKey,
});
