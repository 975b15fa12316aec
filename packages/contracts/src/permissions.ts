/** The services of the fleet. Each has its own service key. */
export const services = ['auth', 'customer', 'interaction', 'product', 'favorites'] as const;
export type Service = (typeof services)[number];
export type Peer = Service | 'gateway';

/**
 * Services outside of the fleet that keep a customer's orders, complaints or appointments and report its counters. Each has its own
 * service key, which opens only the internal routes that name it.
 */
export const outsideServices = ['orders', 'complaints', 'scheduling'] as const;
export type OutsideService = (typeof outsideServices)[number];
/** Who may call a service. */
export type Caller = Peer | OutsideService;

/** In ascending order of power. A user can only grant roles up to their own. */
export const roles = ['customer', 'viewer', 'manager', 'admin', 'superuser'] as const;
export type Role = (typeof roles)[number];

/** Every permission a route can require: `resource:action`. */
export const permissions = [
  'users:read',
  'users:create',
  'users:update',
  'users:delete',
  'companies:read',
  'companies:create',
  'companies:update',
  'companies:delete',
  'document_types:manage',
  'audit:read',
  'analytics:read',
  'events:manage',
  'keys:manage',
  'gdpr:manage',
  'customers:read',
  'customers:create',
  'customers:update',
  'customers:delete',
  'customers:hard_delete',
  'customers:import',
  'customers:export',
  'interactions:read',
  'interactions:create',
  'interactions:update',
  'interactions:delete',
  'interactions:manage',
  'transactions:read',
  'transactions:create',
  'transactions:update',
  'products:read',
  'products:create',
  'products:update',
  'products:delete',
  'products:hard_delete',
  'favorites:read',
  'favorites:create',
  'favorites:delete',
] as const;
export type Permission = (typeof permissions)[number];

/** A permission, the same for the actor's own record only (`…:own`), or every permission (`*`). */
type Grant = Permission | `${Permission}:own` | '*';

/** Permissions of people only: a route that needs one is closed to API keys. */
const peopleOnly: ReadonlySet<Permission> = new Set([
  'users:create',
  'users:update',
  'users:delete',
  'companies:create',
  'companies:update',
  'companies:delete',
  'keys:manage',
]);

/** Whether API keys may use routes that need the permission. */
export const isForKeys = (permission: Permission): boolean => !peopleOnly.has(permission);

/** Permissions beyond one company. An admin's `*` does not include them. */
const superuserOnly: ReadonlySet<Permission> = new Set([
  'companies:create',
  'companies:delete',
  'document_types:manage',
]);

const viewer = [
  'customers:read',
  'interactions:read',
  'transactions:read',
  'products:read',
  'favorites:read',
  'analytics:read',
  'companies:read',
  'users:read:own',
  'users:update:own',
] as const satisfies readonly Grant[];

const manager = [
  ...viewer,
  'customers:create',
  'customers:update',
  'customers:delete',
  'customers:export',
  'interactions:create',
  'interactions:update',
  'interactions:delete',
  'transactions:create',
  'transactions:update',
  'products:create',
  'products:update',
  'products:delete',
  'favorites:create',
  'favorites:delete',
  'users:read',
] as const satisfies readonly Grant[];

/** The grants of each role, read by routes and tests. */
export const grants: Readonly<Record<Role, readonly Grant[]>> = {
  superuser: ['*'],
  admin: ['*'],
  manager,
  viewer,
  customer: [
    'users:read:own',
    'users:update:own',
    'customers:read:own',
    'customers:update:own',
    'favorites:read:own',
    'favorites:create:own',
    'favorites:delete:own',
    'gdpr:manage:own',
    'products:read',
  ],
};

export type AccessLevel = 'any' | 'own' | 'none';

const accessLevels = new Map<string, AccessLevel>();
for (const role of roles) {
  for (const permission of permissions) {
    const granted = grants[role];
    const any =
      granted.includes(permission) ||
      (granted.includes('*') && (role === 'superuser' || !superuserOnly.has(permission)));
    accessLevels.set(`${role} ${permission}`, any ? 'any' : granted.includes(`${permission}:own`) ? 'own' : 'none');
  }
}

/** Where a role may use a permission: on any record of its company, on the actor's own only, or nowhere. */
export const accessLevel = (role: Role, permission: Permission): AccessLevel =>
  accessLevels.get(`${role} ${permission}`) ?? 'none';

/** Lists what a role may do: `resource:action`, with the suffix `:own` when limited to the user's own record. */
export const permissionsOf = (role: Role): string[] =>
  permissions.flatMap((permission) => {
    const level = accessLevel(role, permission);
    return level === 'any' ? [permission] : level === 'own' ? [`${permission}:own`] : [];
  });

/** Why a token is limited: what its user has to do before anything else. A route lists the limits with which it is open. */
export const tokenLimits = ['verify_email', 'mfa_setup'] as const;
export type TokenLimit = (typeof tokenLimits)[number];
