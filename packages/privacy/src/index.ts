export { blankOf, columnsOf, isAboutPerson, readCatalog } from './catalog.ts';
export type { Catalog, Column } from './catalog.ts';
export { erasePerson, eraseRows } from './erase.ts';
export type { ErasureRequest } from './erase.ts';
export { exportSection, shownOf } from './export.ts';
export { privacyRoutes } from './routes.ts';
export { isErased, matchesOf } from './tables.ts';
export type { Erasure, Match, PersonTable, Privacy } from './tables.ts';
