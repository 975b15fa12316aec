import { exportSections } from '@clientela/contracts';
import { storedResponsesTable } from '@clientela/http';
import { blankValues, isPersonal, primaryKeyOf, type Catalog, type Column } from './catalog.ts';
import { exportedColumns } from './export.ts';
import { stepName } from './steps.ts';
import { matchesOf, type TablePolicy, type DataInventory } from './inventory.ts';

/** Of this package and of packages/http: reached for every service, without being in its list. */
const platformTables = new Set([storedResponsesTable, 'erasures']);
/** By which a row refers to a person, whatever class the column has. */
const personReference = /^(customer_id|user_id|created_by|actor_id)$/;

/**
 * What a service's list misses of its database, or says of it that is not so: a personal column that no export or no erasure reaches above
 * all. Nothing when it is right.
 */
export function validateInventory(privacy: DataInventory, catalog: Catalog): string[] {
  const { service, tables, notPersonal: nobody = {} } = privacy;
  const faults = tables.flatMap((table) => validateTable(privacy, table, catalog.get(table.table)));
  const names = tables.map(stepName);
  faults.push(...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${name} is listed twice`));

  for (const [name, columns] of catalog) {
    if (platformTables.has(name)) continue;
    const entries = tables.filter(({ table }) => table === name);
    const about = columns.filter((column) => isPersonal(column) || personReference.test(column.name));
    const isNobody = Object.hasOwn(nobody, name);
    if (isNobody && (entries.length > 0 || about.length === 0))
      faults.push(`${name} is wrongly said to be about nobody`);
    if (isNobody) continue;
    if (about.length > 0 && entries.length === 0) faults.push(`${name} is not reached: ${columnNames(about)}`);
    if (entries.length > 0) faults.push(...findUnreached(name, columns, entries));
  }
  faults.push(...Object.keys(nobody).flatMap((name) => (catalog.has(name) ? [] : `there is no table ${name}`)));
  for (const section of exportSections[service])
    if (!tables.some((table) => 'section' in table && table.section === section))
      faults.push(`nothing is exported as ${section}`);
  return faults;
}

const columnNames = (columns: readonly Column[]) => columns.map(({ name }) => name).join(', ');

/** The personal columns of a listed table that no export shows or withholds, and those that no erasure minds. */
function findUnreached(name: string, columns: readonly Column[], entries: readonly TablePolicy[]): string[] {
  const personal = columns.filter(isPersonal);
  const exported = ({ name: column }: Column) =>
    entries.some(
      (entry) => 'section' in entry && (exportedColumns(columns, entry).includes(column) || entry.withheld?.[column]),
    );
  const erased = ({ name: column }: Column) =>
    entries.some(
      ({ erasure }) => typeof erasure === 'string' || 'anonymise' in erasure || erasure.columns.includes(column),
    );
  const shown = entries.some((entry) => 'section' in entry);
  const unshown = shown ? personal.filter((column) => !exported(column)) : [];
  const left = personal.filter((column) => !erased(column));
  return [
    ...(unshown.length > 0 ? [`${name} is exported without ${columnNames(unshown)}, and no reason is given`] : []),
    ...(left.length > 0 ? [`${name} is erased without ${columnNames(left)}, and no reason is given`] : []),
  ];
}

/** What one entry says that is not so. */
function validateTable(
  { service }: DataInventory,
  entry: TablePolicy,
  columns: readonly Column[] | undefined,
): string[] {
  const { table, erasure } = entry;
  if (!columns) return [`there is no table ${table}`];
  const faults: string[] = [];
  const matches = matchesOf(entry);
  const set =
    typeof erasure === 'object' ? ('keep' in erasure ? erasure.columns : Object.keys(erasure.columns ?? {})) : [];
  const shown = 'section' in entry ? [...(entry.alsoExported ?? []), ...Object.keys(entry.withheld ?? {})] : [];
  for (const name of [...matches.flatMap((match) => Object.keys(match)), ...set, ...shown])
    if (!columns.some((column) => column.name === name)) faults.push(`there is no column ${table}.${name}`);
  if (primaryKeyOf(columns).length === 0) faults.push(`${table} has no primary key to go by`);
  // Auth is one unspread database, whose users and sessions are found by ids that are unique in the installation.
  if (service !== 'auth' && matches.some((match) => match['company_id'] !== 'company_id'))
    faults.push(`${table} is reached without the company`);
  if ('section' in entry) {
    const sections: readonly string[] = exportSections[service];
    if (!sections.includes(entry.section)) faults.push(`${entry.section} is not a section of ${service}`);
    const raw = columns.filter(({ name, type }) => type === 'bytea' && exportedColumns(columns, entry).includes(name));
    if (raw.length > 0) faults.push(`${table} cannot be exported with ${columnNames(raw)}`);
  }
  if (typeof erasure === 'object' && 'anonymise' in erasure) {
    try {
      blankValues(columns, erasure.columns);
    } catch (error) {
      faults.push(`${table}: ${(error as Error).message}`);
    }
  }
  return faults;
}
