import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  accessLevel,
  keyRoles,
  outsideServices,
  roles,
  services,
  type AccessLevel,
  type Caller,
  type KeyRole,
  type OutsideService,
  type Permission,
  type Role,
} from '@clientela/contracts';
import { isUuid } from '@clientela/db';
import { forbidden, lacksPermission, unauthenticated } from '@clientela/errors';

/** The user, API key or service on whose behalf a request runs. */
export type Actor = {
  /** A user's id, `key:<id>` of an API key, or `service:<name>` for a service that acts for itself. */
  id: string;
  role: Role | 'service';
  /** What an API key may do of what its role may; undefined for a user and a service. */
  permissions?: ReadonlySet<string>;
  /** The company that the actor acts in; null for a superuser that named none and a service that acts for itself. */
  company_id: string | null;
  session_id: string | null;
  /** The client's IP address; null when unknown. */
  client_ip: string | null;
  request_id: string;
};

/** An actor in a company. Required by every function that accesses company data. */
export type CompanyActor = Actor & { company_id: string };

/** SHA-256 hashes of the service keys that are accepted: a current and a previous one per calling service. */
export type ServiceKeys = readonly { service: Caller; hash: Buffer }[];

/**
 * Parses `SERVICE_KEY_HASHES`: `gateway=<hex>[,<hex>];interaction=<hex>`.
 * @param outside names of services outside of the fleet that may call, too
 * @throws Error that describes the invalid entry without its hashes
 */
export function parseServiceKeys(setting: string, outside: readonly OutsideService[] = []): ServiceKeys {
  const callers = new Set<string>([...services, 'gateway', ...outside]);
  return setting.split(';').flatMap((entry) => {
    const [service = '', hashes = ''] = entry.trim().split('=');
    if (!callers.has(service)) throw new Error('unknown service name');
    return hashes.split(',').map((hash) => {
      if (!/^[0-9a-f]{64}$/.test(hash)) throw new Error(`the hash of ${service} is not 64 hex digits`);
      return { service: service as Caller, hash: Buffer.from(hash, 'hex') };
    });
  });
}

const invalidServiceKey = () => unauthenticated('Missing or invalid service key; send requests to the gateway');

/**
 * Creates a function that finds the calling service by its service key. Remembers the keys that were accepted, which are as many as
 * there are hashes at most, so that only the first request with a key costs a hash.
 * @returns a function that throws AppError 401 for a missing or unknown key
 */
export function createServiceAuthentication(serviceKeys: ServiceKeys): (headers: IncomingHttpHeaders) => Caller {
  const known: { service: Caller; key: Buffer }[] = [];

  const find = (key: Buffer): Caller | undefined => {
    const digest = hash('sha256', key, 'buffer');
    // Compares with every hash in constant time: the duration reveals nothing about the keys.
    let callingService: Caller | undefined;
    for (const { service, hash: accepted } of serviceKeys)
      if (timingSafeEqual(accepted, digest)) callingService = service;
    if (callingService) known.push({ service: callingService, key });
    return callingService;
  };

  return (headers) => {
    const header = headers['x-service-key'];
    if (typeof header !== 'string') throw invalidServiceKey();
    const key = Buffer.from(header);
    // Constant time for keys of the same length; the length of a key is no secret.
    let callingService: Caller | undefined;
    for (const accepted of known)
      if (accepted.key.length === key.length && timingSafeEqual(accepted.key, key)) callingService = accepted.service;
    callingService ??= find(key);
    if (!callingService) throw invalidServiceKey();
    return callingService;
  };
}

const singleValue = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && value ? value : null;
const isOutsideService = (name: string): name is OutsideService => outsideServices.includes(name as OutsideService);
const isKeyRole = (text: string | null): text is KeyRole => keyRoles.includes(text as KeyRole);
const isRole = (text: string | null): text is Role => roles.includes(text as Role);

/**
 * Reads the actor from the identity headers: a user, an API key, or the calling service itself; undefined for an anonymous client.
 * The headers are trusted because the service key was checked before; a service outside of the fleet acts for itself only.
 * @throws AppError 403 for a company that is no UUID, and for an API key without its permissions, role or company
 */
export function actorOf(headers: IncomingHttpHeaders, callingService: Caller, request_id: string): Actor | undefined {
  const id = singleValue(headers['x-user-id']);
  const key_id = singleValue(headers['x-key-id']);
  const role = singleValue(headers['x-user-role']);
  const company_id = singleValue(headers['x-company-id']);
  const context = {
    company_id,
    session_id: singleValue(headers['x-session-id']),
    client_ip: singleValue(headers['x-client-ip']),
    request_id,
  };
  if (company_id !== null && !isUuid(company_id)) throw forbidden('X-Company-Id is not a UUID');
  if (key_id !== null && !isOutsideService(callingService)) {
    const permissions = singleValue(headers['x-permissions']);
    if (permissions === null || id !== null || !isUuid(key_id) || !isKeyRole(role) || company_id === null)
      throw forbidden('The identity headers of an API key are incomplete');
    return { id: `${keyActor}${key_id}`, role, permissions: new Set(permissions.split(',')), ...context };
  }
  if (id !== null && isUuid(id) && isRole(role) && !isOutsideService(callingService)) return { id, role, ...context };
  return callingService === 'gateway' ? undefined : { id: `service:${callingService}`, role: 'service', ...context };
}

/** Returns the service outside of the fleet that acts for itself; undefined for any other actor. */
export const outsideServiceOf = ({ id, role }: Actor): OutsideService | undefined =>
  role === 'service' ? outsideServices.find((name) => id === `service:${name}`) : undefined;

/** What the id of an actor begins with when it is an API key. */
const keyActor = 'key:';
export const isApiKey = (actor: Pick<Actor, 'permissions'>): boolean => actor.permissions !== undefined;

/** Builds the headers that tell another service for whom a call is made. */
export function identityHeaders({ id, role, permissions }: Actor): Record<string, string> {
  if (role === 'service') return {};
  if (permissions === undefined) return { 'X-User-Id': id, 'X-User-Role': role };
  return { 'X-Key-Id': id.slice(keyActor.length), 'X-User-Role': role, 'X-Permissions': [...permissions].join(',') };
}

/** Where an actor may use a permission. An API key has the cut of its role and its permissions, and no record of its own. */
export function accessOf(
  { role, permissions }: Pick<Actor, 'role' | 'permissions'>,
  permission: Permission,
): AccessLevel {
  if (role === 'service') return 'none';
  const level = accessLevel(role, permission);
  if (permissions === undefined) return level;
  return level === 'any' && permissions.has(permission) ? 'any' : 'none';
}

/**
 * Checks a permission beyond the route's own, as `hard_delete=true` needs.
 * @throws AppError 403 unless the actor has the permission for every record of its company
 */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (accessOf(actor, permission) === 'any') return;
  throw lacksPermission(permission, isApiKey(actor) ? 'API key' : 'role');
}
