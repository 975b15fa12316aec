import { keyPermissionsOf, type KeyRole } from '@clientela/contracts';
import type { FieldError } from '@clientela/errors';
import type { ApiKey, ApiKeyChanges, NewApiKey } from './schema.ts';

const dayMs = 86_400_000;
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: dayMs };
const maxGrace = 7 * dayMs;

/** Parses a grace period such as `24h`. @returns milliseconds; undefined beyond 7 days */
export function parseGrace(text: string): number | undefined {
  const grace = Number.parseInt(text, 10) * (units[text.slice(-1).toLowerCase()] ?? 1);
  return grace <= maxGrace ? grace : undefined;
}

/** Returns the same day and time of a later year. */
export function yearsAfter(now: Date, years: number): Date {
  const then = new Date(now);
  then.setUTCFullYear(then.getUTCFullYear() + years);
  return then;
}

/** Finds permissions that the role does not have. */
export function permissionErrors(role: KeyRole, permissions: readonly string[] | null | undefined): FieldError[] {
  const granted: ReadonlySet<string> = new Set(keyPermissionsOf(role));
  return (permissions ?? []).flatMap((permission, index) =>
    granted.has(permission)
      ? []
      : [{ path: `permissions.${index}`, message: `is not a permission of the role ${role}` }],
  );
}

/** Finds what is wrong with a new key beyond its form. @param maxRate requests per minute */
export function newKeyErrors(input: NewApiKey, maxRate: number, now: Date): FieldError[] {
  const { role, permissions, rate_per_minute, expires_at } = input;
  const errors = permissionErrors(role, permissions);
  if (rate_per_minute && rate_per_minute > maxRate)
    errors.push({ path: 'rate_per_minute', message: `must be at most ${maxRate}` });
  if (expires_at !== undefined && expires_at <= now.toISOString())
    errors.push({ path: 'expires_at', message: 'must be in the future' });
  if (expires_at !== undefined && expires_at > yearsAfter(now, 2).toISOString())
    errors.push({ path: 'expires_at', message: 'must be at most two years ahead' });
  return errors;
}

/** Finds what is wrong with a change of a key beyond its form. */
export function changeErrors(current: ApiKey, changes: ApiKeyChanges, now: Date): FieldError[] {
  const errors = permissionErrors(current.role, changes.permissions);
  const { expires_at } = changes;
  if (expires_at !== undefined && expires_at > current.expires_at)
    errors.push({ path: 'expires_at', message: 'must not be later than it is' });
  if (expires_at !== undefined && expires_at <= now.toISOString())
    errors.push({ path: 'expires_at', message: 'must be in the future' });
  return errors;
}

/** Sorts permissions and removes repetitions. */
export const uniquePermissions = <P extends string>(permissions: readonly P[] | null | undefined): P[] | null =>
  permissions ? [...new Set(permissions)].toSorted() : null;
