import { exportSections } from '@clientela/contracts';
import { storedResponsesTable } from '@clientela/http';
import { blankValues, isPersonal, primaryKeyOf, type Catalog, type Column } from './catalog.ts';
import { exportedColumns } from './export.ts';
import { matchesOf, type DataInventory, type TablePolicy } from './inventory.ts';
import { stepName } from './steps.ts';

/** Tables of this package and of packages/http: erased in every service, without a policy. */
const platformTables = new Set([storedResponsesTable, 'erasures']);
/** Columns that refer to a person, regardless of their class. */
const personReference = /^(customer_id|user_id|created_by|actor_id)$/;

/**
 * Checks a service's inventory against its database: above all, that export and erasure reach every personal column.
 * @returns the errors; empty when the inventory is right
 */
export function validateInventory(inventory: DataInventory, catalog: Catalog): string[] {
  const { service, tables, notPersonal = {} } = inventory;
  const errors = tables.flatMap((table) => policyErrors(inventory, table, catalog.get(table.table)));
  const names = tables.map(stepName);
  errors.push(...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${name} is listed twice`));

  for (const [name, columns] of catalog) {
    if (platformTables.has(name)) continue;
    const policies = tables.filter(({ table }) => table === name);
    const ofPerson = columns.filter((column) => isPersonal(column) || personReference.test(column.name));
    if (Object.hasOwn(notPersonal, name)) {
      if (policies.length > 0 || ofPerson.length === 0) errors.push(`${name} is wrongly listed in notPersonal`);
      continue;
    }
    if (ofPerson.length > 0 && policies.length === 0) errors.push(`${name} has no policy: ${columnNames(ofPerson)}`);
    if (policies.length > 0) errors.push(...uncoveredColumns(name, columns, policies));
  }
  for (const name of Object.keys(notPersonal)) if (!catalog.has(name)) errors.push(`table ${name} does not exist`);
  for (const section of exportSections[service])
    if (!tables.some((table) => 'section' in table && table.section === section))
      errors.push(`no table is exported as ${section}`);
  return errors;
}

const columnNames = (columns: readonly Column[]) => columns.map(({ name }) => name).join(', ');

/** Finds personal columns that no policy exports or withholds, and those that no policy erases or keeps with a reason. */
function uncoveredColumns(name: string, columns: readonly Column[], policies: readonly TablePolicy[]): string[] {
  const personal = columns.filter(isPersonal);
  const isExported = ({ name: column }: Column) =>
    policies.some(
      (policy) =>
        'section' in policy && (exportedColumns(columns, policy).includes(column) || policy.withheld?.[column]),
    );
  const isErasedOrKept = ({ name: column }: Column) =>
    policies.some(
      ({ erasure }) => typeof erasure === 'string' || 'anonymise' in erasure || erasure.columns.includes(column),
    );
  const hasExport = policies.some((policy) => 'section' in policy);
  const notExported = hasExport ? personal.filter((column) => !isExported(column)) : [];
  const notErased = personal.filter((column) => !isErasedOrKept(column));
  return [
    ...(notExported.length > 0 ? [`${name}: no reason why these are not exported: ${columnNames(notExported)}`] : []),
    ...(notErased.length > 0 ? [`${name}: no reason why these are not erased: ${columnNames(notErased)}`] : []),
  ];
}

/** Checks one policy. */
function policyErrors(
  { service }: DataInventory,
  policy: TablePolicy,
  columns: readonly Column[] | undefined,
): string[] {
  const { table, erasure } = policy;
  if (!columns) return [`table ${table} does not exist`];
  const errors: string[] = [];
  const matches = matchesOf(policy);
  const changed =
    typeof erasure === 'object' ? ('keep' in erasure ? erasure.columns : Object.keys(erasure.columns ?? {})) : [];
  const exported = 'section' in policy ? [...(policy.alsoExported ?? []), ...Object.keys(policy.withheld ?? {})] : [];
  for (const name of [...matches.flatMap((match) => Object.keys(match)), ...changed, ...exported])
    if (!columns.some((column) => column.name === name)) errors.push(`column ${table}.${name} does not exist`);
  if (primaryKeyOf(columns).length === 0) errors.push(`${table} has no primary key`);
  // Auth is one database for all companies; its users and sessions have globally unique ids.
  if (service !== 'auth' && matches.some((match) => match['company_id'] !== 'company_id'))
    errors.push(`${table} is matched without the company`);
  if ('section' in policy) {
    const sections: readonly string[] = exportSections[service];
    if (!sections.includes(policy.section)) errors.push(`${policy.section} is not a section of ${service}`);
    const binary = columns.filter(
      ({ name, type }) => type === 'bytea' && exportedColumns(columns, policy).includes(name),
    );
    if (binary.length > 0) errors.push(`${table}: binary columns cannot be exported: ${columnNames(binary)}`);
  }
  if (typeof erasure === 'object' && 'anonymise' in erasure) {
    try {
      blankValues(columns, erasure.columns);
    } catch (error) {
      errors.push(`${table}: ${(error as Error).message}`);
    }
  }
  return errors;
}
