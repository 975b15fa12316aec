import { comparedName, type HeaderNames } from './headers/names.ts';
import { headerTables, type Language } from './headers/tables.ts';

/**
 * What a column holds, as in the mapping of an import: a field of a customer (`firstname`), one with a kind (`phone.mobile`,
 * `address.home.city`, `document.cpf`), one of several (`phone.2`, `phone.2.type`), `metadata` or `left_behind`.
 */
export type Role = string;

type Table = { language: Language | undefined; roles: ReadonlyMap<string, Role> };

const numbers = /\d+/g;

const toTable = (names: HeaderNames): ReadonlyMap<string, Role> =>
  new Map(
    Object.entries(names).flatMap(([role, list]) =>
      list.map((name): [string, Role] => [comparedName(name.replace('#', '0')), role]),
    ),
  );

const tables: readonly Table[] = headerTables.map(({ language, names }) => ({ language, roles: toTable(names) }));

/** Finds what a name means in a table. A number in the name stands for the `#` of the table. */
function findRole({ roles }: Table, name: string): Role | undefined {
  const exact = roles.get(name);
  if (exact !== undefined && !exact.includes('#')) return exact;
  const [number] = name.match(numbers) ?? [];
  const role = number === undefined ? undefined : roles.get(name.replace(number, '0'));
  return role?.replace('#', number ?? '');
}

/** How many names of a header a language knows, and the one that knows most. */
export function findLanguage(header: readonly string[]): Language {
  const names = header.map(comparedName);
  const scores = tables
    .filter(({ language }) => language !== undefined)
    .map((table) => ({
      language: table.language ?? 'en',
      score: names.filter((name) => findRole(table, name) !== undefined).length,
    }));
  const [best] = scores.toSorted((one, other) => other.score - one.score);
  return best === undefined || best.score === 0 ? 'en' : best.language;
}

/** Finds the role of every name of a header: first by the language of the header, then by the other tables. */
export function findRoles(header: readonly string[], language = findLanguage(header)): (Role | undefined)[] {
  const ordered = tables.toSorted(
    (one, other) => Number(other.language === language) - Number(one.language === language),
  );
  const roles = header.map((name) => {
    const compared = comparedName(name);
    if (compared === '') return undefined;
    for (const table of ordered) {
      const role = findRole(table, compared);
      if (role !== undefined) return role;
    }
    return undefined;
  });
  return resolveNames(roles, language);
}

/**
 * Decides what a column called Name holds. Beside a given name it is the full name, in Romanian the family name; beside a family name only,
 * or beside a full name, it is the given name.
 */
function resolveNames(roles: readonly (Role | undefined)[], language: Language): (Role | undefined)[] {
  const has = (role: Role) => roles.includes(role);
  const isGiven = !has('firstname') && (has('lastname') || has('full_name'));
  const withGivenName = language === 'ro' && !has('lastname') ? 'lastname' : 'full_name';
  const meaning = isGiven ? 'firstname' : has('firstname') ? withGivenName : 'full_name';
  return roles.map((role) => (role === 'name' ? meaning : role));
}
