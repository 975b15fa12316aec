import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { accessLevel, permissions, type Permission } from './permissions.ts';

// API keys of machines: `clt_`, 43 base62 digits of 256 random bits, 6 of the CRC-32 of everything before them.

/** What every API key begins with. */
export const apiKeyStart = 'clt_';
/** The characters of a key that are stored and shown, so that people recognize it. */
export const apiKeyPrefixLength = 8;

/** The roles that an API key may have. */
export const keyRoles = ['viewer', 'manager', 'admin'] as const;
export type KeyRole = (typeof keyRoles)[number];

/** Lists the permissions that a key of the role has when its own are not narrower. */
export const keyPermissionsOf = (role: KeyRole): Permission[] =>
  permissions.filter((permission) => accessLevel(role, permission) === 'any');

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomDigits = 43;
const checksumDigits = 6;

function base62(value: bigint, length: number): string {
  let [rest, text] = [value, ''];
  for (let index = 0; index < length; index += 1) {
    text = (digits[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}

const checksumOf = (text: string): string => base62(BigInt(crc32(text)), checksumDigits);

/** @param random 32 bytes */
export function formatApiKey(random: Buffer): string {
  const text = apiKeyStart + base62(BigInt(`0x${random.toString('hex')}`), randomDigits);
  return text + checksumOf(text);
}

const form = new RegExp(`^${apiKeyStart}[0-9A-Za-z]{${randomDigits + checksumDigits}}$`);

/** Whether a text has the form of a key and its checksum is right: a mistyped key is told apart without a look-up. */
export const isWellFormedApiKey = (text: string): boolean =>
  form.test(text) && checksumOf(text.slice(0, -checksumDigits)) === text.slice(-checksumDigits);

/** The SHA-256 by which a key is stored and looked up, in hex. A fast hash suffices for 256 random bits. */
export const hashApiKey = (key: string): string => hash('sha256', key);

/** Body of POST /internal/api-keys/verify, for the gateway only. */
export const ApiKeyVerification = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'),
  /** The latest admitted request with the key. */
  used: z.strictObject({ at: z.iso.datetime(), ip: z.string().max(45) }).optional(),
});
export type ApiKeyVerification = z.infer<typeof ApiKeyVerification>;

/** Response of POST /internal/api-keys/verify: null for a key that is unknown, revoked, expired, or of an inactive company. */
export const VerifiedApiKey = z.object({
  api_key: z
    .object({
      id: z.uuid(),
      /** Raised by each change of the key: see `Revocations`. */
      version: z.int(),
      company_id: z.uuid(),
      role: z.enum(keyRoles),
      permissions: z.array(z.string()),
      /** When the key expires, or the grace period of a rotated one ends. */
      expires_at: z.iso.datetime(),
      /** Networks from which it may be used; null for everywhere. */
      allowed_ips: z.array(z.string()).nullable(),
      rate_per_minute: z.int().nullable(),
    })
    .nullable(),
});
export type VerifiedApiKey = z.infer<typeof VerifiedApiKey>;
