export { demoClient, mapConcurrently } from './demo/client.ts';
export { demoCustomers } from './demo/customers.ts';
export { demoProducts } from './demo/products.ts';
export { banner } from './launcher/banner.ts';
export { databaseName } from './launcher/databases.ts';
export { startFleet } from './launcher/fleet.ts';
export type { Fleet, FleetOptions } from './launcher/fleet.ts';
export { folderOf, hashOf, peers, repoRoot, services } from './launcher/services.ts';
export type { Peer, Service } from './launcher/services.ts';
