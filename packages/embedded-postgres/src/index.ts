export { embeddedVersion, locatePostgres } from './locate-postgres.ts';
export type { RunAs } from './locate-postgres.ts';
export { freePort, isFree, isListening } from './ports.ts';
export { findPostgres, startPostgres } from './postgres.ts';
export type { Postgres, PostgresOptions } from './postgres.ts';
export { isAlive, isStillThere, startedAt } from './process-identity.ts';
export type { ProcessIdentity } from './process-identity.ts';
export { keepSecret, newSecret, readSecret, writeSecret } from './secret-files.ts';
