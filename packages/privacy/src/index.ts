export { isPersonal, readCatalog } from './catalog.ts';
export type { Catalog, Column } from './catalog.ts';
export { erasePerson, eraseRows } from './erase.ts';
export type { ErasureRequest } from './erase.ts';
export { exportSection } from './export.ts';
export { validateInventory } from './validate-inventory.ts';
export { privacyRoutes } from './routes.ts';
export type { Match, TablePolicy, DataInventory } from './inventory.ts';
