import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { accessLevel, roles, services, type Permission, type Peer, type Role } from '@clientela/contracts';
import { isUuid } from '@clientela/db';
import { forbidden, unauthenticated } from '@clientela/errors';

/** On whose behalf a call runs. */
export type Actor = {
  /** A user's id, or `service:<name>` for a service that acts for itself. */
  id: string;
  role: Role | 'service';
  /** The company it acts in; null for a superuser that named none, and for a service acting for itself. */
  company_id: string | null;
  session_id: string | null;
  /** Where the client sits; null when unknown. */
  client_ip: string | null;
  request_id: string;
};

/** An actor inside a company: what every function that touches company data asks for. */
export type CompanyActor = Actor & { company_id: string };

/** Whose service keys open this program's doors: SHA-256 hashes by caller, a current and a previous one each. */
export type ServiceKeys = readonly { service: Peer; hash: Buffer }[];

/**
 * Reads `SERVICE_KEY_HASHES`: `gateway=<hex>[,<hex>];interaction=<hex>`.
 * @throws Error naming what is wrong with it, never the hashes
 */
export function parseServiceKeys(setting: string): ServiceKeys {
  const programs = new Set<string>([...services, 'gateway']);
  return setting.split(';').flatMap((entry) => {
    const [program = '', hashes = ''] = entry.trim().split('=');
    if (!programs.has(program)) throw new Error('names a program that does not exist');
    return hashes.split(',').map((hash) => {
      if (!/^[0-9a-f]{64}$/.test(hash)) throw new Error(`the hash of ${program} is not 64 hex digits`);
      return { service: program as Peer, hash: Buffer.from(hash, 'hex') };
    });
  });
}

/**
 * Which program calls, by its service key.
 * @throws AppError 401 when the key is missing or unknown
 */
export function authenticateService(headers: IncomingHttpHeaders, callers: ServiceKeys): Peer {
  const key = headers['x-service-key'];
  if (typeof key === 'string') {
    const given = createHash('sha256').update(key).digest();
    // No early exit: how long it takes says nothing about which key came close.
    let found: Peer | undefined;
    for (const { service: program, hash } of callers) if (timingSafeEqual(hash, given)) found = program;
    if (found) return found;
  }
  throw unauthenticated('This port answers the programs of the fleet only; call the gateway');
}

const one = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && value ? value : null;
const isRole = (text: string | null): text is Role => roles.includes(text as Role);

/**
 * The user whom the calling program speaks for, or that service itself; undefined for a caller that is not signed in.
 * Trusted because the caller's service key was checked before.
 */
export function actorOf(headers: IncomingHttpHeaders, caller: Peer, request_id: string): Actor | undefined {
  const id = one(headers['x-user-id']);
  const role = one(headers['x-user-role']);
  const company_id = one(headers['x-company-id']);
  const known = {
    company_id,
    session_id: one(headers['x-session-id']),
    client_ip: one(headers['x-client-ip']),
    request_id,
  };
  if (company_id !== null && !isUuid(company_id)) throw forbidden('The company in the headers is not one');
  if (id !== null && isUuid(id) && isRole(role)) return { id, role, ...known };
  return caller === 'gateway' ? undefined : { id: `service:${caller}`, role: 'service', ...known };
}

/**
 * For a door whose query asks for more than its own permission, as `hard_delete=true` does.
 * @throws AppError 403 unless the actor holds the permission for every record of its company
 */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (actor.role !== 'service' && accessLevel(actor.role, permission) === 'any') return;
  throw forbidden(`Your role may not do this: it needs ${permission}`);
}
