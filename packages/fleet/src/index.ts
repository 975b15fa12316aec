export { startFleet } from './fleet.ts';
export type { Fleet, FleetOptions } from './fleet.ts';
export { freePort, isListening } from './ports.ts';
export { place } from './postgres-programs.ts';
export { startPostgres } from './postgres.ts';
export type { Postgres, PostgresOptions } from './postgres.ts';
export { folderOf, programs, services, top } from './programs.ts';
export type { Program, Service } from './programs.ts';
