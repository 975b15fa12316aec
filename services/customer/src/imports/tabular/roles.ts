import { comparedName, type HeaderNames } from './headers/names.ts';
import { headerTables, type HeaderTable, type Language } from './headers/tables.ts';

/**
 * What a column holds, as in the mapping of an import: a field of a customer (`firstname`), one with a kind (`phone.mobile`,
 * `address.home.city`, `document.cpf`), one of several (`phone.2`, `phone.2.type`), `metadata` or `left_behind`.
 */
export type Role = string;

const address = '(?:line|district|po_box|city|state|zip_code|country|formatted|type)';
const rolePattern = new RegExp(
  `^(?:${[
    'external_id|full_name|firstname|middle_name|lastname|part_of_name|company|gender|notes|tags|private',
    String.raw`birthday(?:\.(?:day|month|year))?`,
    String.raw`email(?:\.\d{1,3}(?:\.type)?)?`,
    String.raw`phone(?:\.(?:mobile|work|main|home|other|fax|pager|\d{1,3}(?:\.type)?))?`,
    String.raw`address(?:\.(?:[a-z]{1,20}|\d{1,3}))?\.${address}`,
    String.raw`document\.[a-z][a-z0-9_]{0,49}|document_type|document_number`,
    String.raw`preferences\.(?:newsletter|language)|unsubscribed|unsubscribed_at`,
    'number|user_id|city_id|status|type|last_auth_at',
    String.raw`metadata(?:\.[^.]{1,100})?|left_behind`,
  ].join('|')})$`,
  'u',
);

/** Whether a caller's mapping may name a role. */
export const isRole = (role: string): boolean => rolePattern.test(role);

type Table = HeaderTable & { roles: ReadonlyMap<string, Role> };

const toRoles = (names: HeaderNames): ReadonlyMap<string, Role> =>
  new Map(
    Object.entries(names).flatMap(([role, list]) =>
      list.flatMap((name) => spellings(name.replace('#', '0')).map((spelling): [string, Role] => [spelling, role])),
    ),
  );

/** Windows-1250 has no ș: programs leave it out, or write a question mark. */
const spellings = (name: string): string[] => [comparedName(name.replaceAll(/[șȘ]/g, '')), comparedName(name)];

const tables: readonly Table[] = headerTables.map((table) => Object.assign({ roles: toRoles(table.names) }, table));

/** Finds what a name means in a table. A number in the name stands for the `#` of the table. */
function findRole({ roles }: Table, name: string): Role | undefined {
  const exact = roles.get(name);
  if (exact !== undefined && !exact.includes('#')) return exact;
  const [number] = name.match(/\d+/) ?? [];
  const role = number === undefined ? undefined : roles.get(name.replace(number, '0'));
  return role?.replace('#', number ?? '');
}

/** Finds the language that knows most names of a header. */
export function findLanguage(header: readonly string[]): Language {
  const names = header.map(comparedName);
  let best: { language: Language; score: number } = { language: 'en', score: 0 };
  for (const table of tables) {
    if (table.language === undefined) continue;
    const score = names.filter((name) => name !== '' && findRole(table, name) !== undefined).length;
    if (score > best.score) best = { language: table.language, score };
  }
  return best.language;
}

/** No table has a longer name. Bounds the work for a hostile header. */
const maxName = 300;
/** A remark behind a name, such as `Create Date (CET)`. */
const inParentheses = /\s*[([][^()[\]]*[)\]]\s*$/;

/** Finds the role of every name of a header: first by the tables of its export and its language, then by the others. */
export function findRoles(header: readonly string[], language = findLanguage(header)): (Role | undefined)[] {
  const compared = new Set(header.map(comparedName));
  const isExport = ({ signature }: Table) => signature?.some((name) => compared.has(name)) ?? false;
  const rank = (table: Table) => (isExport(table) ? 0 : table.language === language ? 1 : 2);
  const ordered = tables
    .filter((table) => table.signature === undefined || isExport(table))
    .toSorted((one, other) => rank(one) - rank(other));
  const find = (name: string): Role | undefined => {
    const key = comparedName(name);
    if (key === '') return undefined;
    for (const table of ordered) {
      const role = findRole(table, key);
      if (role !== undefined) return role;
    }
    return undefined;
  };
  return resolveRoles(
    header.map((name) => (name.length > maxName ? undefined : (find(name) ?? find(name.replace(inParentheses, ''))))),
    language,
  );
}

/** Decides what the names mean that depend on the other columns. */
function resolveRoles(roles: readonly (Role | undefined)[], language: Language): (Role | undefined)[] {
  const has = (role: Role) => roles.includes(role);
  const meanings: Readonly<Record<Role, Role>> = {
    name: meaningOfName(has, language),
    // The day alone, where year and month have columns of their own.
    birthday: has('birthday.year') && has('birthday.month') ? 'birthday.day' : 'birthday',
    'address.building': has('address.line') ? 'address.line' : 'metadata',
  };
  return roles.map((role) => (role === undefined ? undefined : (meanings[role] ?? role)));
}

/**
 * A column called Name has the full name beside a given name, or the family name in Romanian. Beside a family name only, or beside a full
 * name, it has the given name.
 */
function meaningOfName(has: (role: Role) => boolean, language: Language): Role {
  if (has('firstname')) return language === 'ro' && !has('lastname') ? 'lastname' : 'full_name';
  return has('lastname') || has('full_name') ? 'firstname' : 'full_name';
}
