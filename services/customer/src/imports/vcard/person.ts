import type { AddressPart, Cell, Person } from '../values/person.ts';
import { phoneKind } from '../values/phones.ts';
import type { Property } from './properties.ts';

/** Properties about the card, not the person, and values that repeat others. */
export const technicalProperties = new Set([
  'VERSION',
  'PRODID',
  'REV',
  'X-ABADR',
  'X-ABLABEL',
  'X-ABSHOWAS',
  'X-ABUID',
  'CLASS',
  'MAILER',
  'PROFILE',
  'SOURCE',
  'NAME',
  'CLIENTPIDMAP',
  'X-ADDRESSBOOKSERVER-MEMBER',
  'MEMBER',
]);

/** The field of each property; others are kept in `metadata` under the property's name. */
export const fieldsOfProperties: Readonly<Record<string, string>> = {
  FN: 'full_name',
  N: 'firstname, lastname',
  ORG: 'metadata.company',
  EMAIL: 'email',
  TEL: 'phone',
  ADR: 'address',
  LABEL: 'address.line',
  BDAY: 'birthday',
  GENDER: 'gender',
  'X-GENDER': 'gender',
  'X-WAB-GENDER': 'gender',
  CATEGORIES: 'tags',
  NOTE: 'notes',
  UID: 'external_id',
  LANG: 'preferences.language',
};

/** Apple writes its own labels as `_$!<Mobile>!$_`. */
const labelText = (label: string): string => /^_\$!<(.*)>!\$_$/.exec(label)?.[1] ?? label;
/** Groups of Google's own, without the star of its CSV files. */
const systemGroups = new Set(['mycontacts', 'starred', 'my contacts', 'starred in android']);

/** Describes the person of a card. */
export function personOf(row: number, properties: readonly Property[]): Person {
  const labels = new Map(
    properties
      .filter(({ name }) => name === 'X-ABLABEL')
      .map(({ group, values }) => [group, labelText(values[0] ?? '')]),
  );
  const labelOf = ({ group }: Property) => (group === undefined ? undefined : labels.get(group));
  const ofName = (...names: string[]) => properties.filter(({ name }) => names.includes(name));
  const first = (...names: string[]) => ofName(...names).map((property) => toCell(property))[0];
  const byPreference = (name: string) => ofName(name).toSorted((one, other) => one.pref - other.pref);
  const [n] = ofName('N');
  const name = (index: number): Cell | undefined => n && { column: 'N', value: n.values[index] ?? '' };
  const addresses = byPreference('ADR').map(toAddress);
  const phones = byPreference('TEL');
  const isAddressed = addresses.length > 0;

  return {
    row,
    external_id: uidOf(ofName('UID')[0]),
    full_name: first('FN'),
    lastname: name(0),
    firstname: name(1),
    middle_name: name(2),
    organisation: organisationOf(ofName('ORG')[0]),
    emails: byPreference('EMAIL').map((property) => toCell(property, { preferred: property.pref <= 100 })),
    phones: phones.map((property) =>
      toCell(property, {
        kind: phoneKind([...property.types, labelOf(property) ?? ''].join(' ')),
        preferred: property.pref <= 100 && property.pref === phones[0]?.pref,
      }),
    ),
    addresses: isAddressed ? addresses : ofName('LABEL').map((property) => ({ lines: [toCell(property)] })),
    birthday: birthdayOf(ofName('BDAY')[0]),
    gender: genderOf(ofName('GENDER', 'X-GENDER', 'X-WAB-GENDER')[0]),
    tags: ofName('CATEGORIES').map(({ values }) => ({
      column: 'CATEGORIES',
      labels: values.filter((label) => !systemGroups.has(label.trim().toLowerCase())),
    })),
    notes: ofName('NOTE').map((property) => toCell(property)),
    language: byPreference('LANG').map((property) => toCell(property))[0],
    others: [...othersOf(properties, labelOf), ...furtherParts(properties, n)],
  };
}

const toCell = <Extra extends object>({ name, values }: Property, extra?: Extra) =>
  ({ column: name, value: values.join(', '), ...extra }) as Cell & Extra;

const uidOf = (property: Property | undefined): Cell | undefined =>
  property && { column: 'UID', value: (property.values[0] ?? '').replace(/^urn:uuid:/i, '') };

const organisationOf = (property: Property | undefined): Cell | undefined =>
  property && { column: 'ORG', value: property.values[0] ?? '' };

/** Apple marks a year as unknown by naming it beside the date. */
function birthdayOf(property: Property | undefined): Cell | undefined {
  if (!property) return undefined;
  const value = property.values[0] ?? '';
  const omittedYear = property.parameters['x-apple-omit-year'];
  const isOmitted = typeof omittedYear === 'string' && omittedYear !== '' && value.startsWith(omittedYear);
  return { column: 'BDAY', value: isOmitted ? value.replace(omittedYear, '-') : value };
}

/** The Windows address book writes 1 for female and 2 for male. */
function genderOf(property: Property | undefined): Cell | undefined {
  if (!property) return undefined;
  const [value = ''] = property.values;
  const isWindows = property.name === 'X-WAB-GENDER';
  return { column: property.name, value: isWindows ? value.replace('1', 'female').replace('2', 'male') : value };
}

function toAddress({ values, pref, parameters }: Property): AddressPart {
  const [pobox, extended, firstLine, city, state, zip_code, country] = values.map((value): Cell => ({
    column: 'ADR',
    value,
  }));
  const lines = [firstLine, extended, pobox].filter((cell) => cell !== undefined && cell.value.trim() !== '') as Cell[];
  const { label } = parameters;
  const isEmpty = values.every((value) => value.trim() === '');
  return {
    preferred: pref <= 100,
    lines: isEmpty && typeof label === 'string' ? [{ column: 'ADR', value: label }] : lines,
    city,
    state,
    zip_code,
    country,
  };
}

/** Properties without a field, with the label that the card shows beside them. */
const othersOf = (properties: readonly Property[], labelOf: (property: Property) => string | undefined): Cell[] =>
  properties
    .filter(({ name }) => !Object.hasOwn(fieldsOfProperties, name) && !technicalProperties.has(name) && name !== 'KIND')
    .map((property) => {
      const { column, value } = toCell(property);
      const label = labelOf(property);
      return { column, value: label === undefined || value.trim() === '' ? value : `${label}: ${value}` };
    });

/** What the fields have no place for: departments, prefix and suffix beside a name without FN, further organisations, names and dates. */
function furtherParts(properties: readonly Property[], n: Property | undefined): Cell[] {
  const others: Cell[] = [];
  const repeated = (name: string) =>
    properties
      .filter((property) => property.name === name)
      .toSorted((one, other) => one.pref - other.pref)
      .slice(1);
  const organisation = properties.find(({ name }) => name === 'ORG');
  const department = (organisation?.values.slice(1) ?? []).filter((part) => part.trim() !== '').join(', ');
  if (department !== '') others.push({ column: 'department', value: department });
  if (n && !properties.some(({ name }) => name === 'FN'))
    for (const value of [n.values[3], n.values[4]]) if (value !== undefined) others.push({ column: 'N', value });
  const sex = properties.find(({ name }) => name === 'GENDER');
  if (sex?.values[1]) others.push({ column: 'GENDER', value: sex.values[1] });
  for (const name of ['FN', 'N', 'ORG', 'BDAY', 'UID', 'GENDER', 'LANG'])
    others.push(...repeated(name).map((property) => toCell(property)));
  return others;
}
