import type { AddressPart, Cell, DocumentPart, Person, PhoneKind, PhonePart, PlainField } from '../values/person.ts';
import { phoneKind } from '../values/phones.ts';
import type { Column } from './columns.ts';

/** Puts the cell of a column into a person. */
type Put = (person: Draft, cell: Cell, cells: readonly string[]) => void;

type Draft = Person & {
  emails: NonNullable<Person['emails']>;
  phones: PhonePart[];
  documents: DocumentPart[];
  others: Cell[];
  notes: Cell[];
  tags: NonNullable<Person['tags']>;
  parts: Map<string, AddressDraft>;
};
type AddressDraft = AddressPart & { lines: Cell[]; formatted?: Cell };

const single = new Set([
  'external_id',
  'full_name',
  'firstname',
  'middle_name',
  'lastname',
  'birthday',
  'gender',
] as const);
type Single = typeof single extends Set<infer Field> ? Field : never;
const plain: ReadonlySet<string> = new Set<PlainField>([
  'number',
  'user_id',
  'city_id',
  'status',
  'type',
  'last_auth_at',
]);

const putOther: Put = ({ others }, cell) => {
  others.push(cell);
};
const ignore: Put = () => undefined;

/** Puts a value where one is expected; a second, different one is kept in metadata. */
const putSingle =
  (read: (person: Draft) => Cell | undefined, write: (person: Draft, cell: Cell) => void): Put =>
  (person, cell) => {
    const present = read(person);
    if (present === undefined) write(person, cell);
    else if (present.value.trim() !== cell.value.trim()) person.others.push(cell);
  };

/** Compiles the columns to functions, so that a row costs one call per filled cell. */
export function createPersonReader(columns: readonly Column[]): (row: number, cells: readonly string[]) => Person {
  const puts = columns.map((column) => putOf(column, columns));
  return (row, cells) => {
    const person: Draft = {
      row,
      emails: [],
      phones: [],
      documents: [],
      others: [],
      notes: [],
      tags: [],
      parts: new Map(),
    };
    for (let index = 0; index < columns.length && index < cells.length; index += 1) {
      const value = cells[index] ?? '';
      if (value === '') continue;
      puts[index]?.(person, { column: columns[index]?.name ?? '', value }, cells);
    }
    return finish(person);
  };
}

function putOf({ role }: Column, columns: readonly Column[]): Put {
  const [field = '', ...rest] = role.split('.');
  if (field === 'birthday' && rest.length > 0) return putPartOfBirthday(role, columns);
  if ((single as ReadonlySet<string>).has(field)) {
    const key = field as Single;
    return putSingle(
      (person) => person[key],
      (person, cell) => {
        person[key] = cell;
      },
    );
  }
  if (plain.has(field)) {
    const key = field as PlainField;
    return putSingle(
      (person) => person.plain?.[key],
      (person, cell) => {
        person.plain = { ...person.plain, [key]: cell };
      },
    );
  }
  switch (field) {
    case 'company':
      return putSingle(
        (person) => person.organisation,
        (person, cell) => {
          person.organisation = cell;
        },
      );
    case 'preferences':
      return putPreference(rest[0]);
    case 'unsubscribed':
      return putSingle(
        (person) => person.unsubscribed,
        (person, cell) => {
          person.unsubscribed = cell;
        },
      );
    case 'unsubscribed_at':
      // A time at which somebody unsubscribed is a yes.
      return (person, cell) => {
        person.unsubscribed ??= { ...cell, value: 'yes' };
        person.others.push(cell);
      };
    case 'custom':
      return putCustom(rest, columns);
    case 'document':
      return ({ documents }, cell) => {
        documents.push({ ...cell, type: rest[0] ?? '' });
      };
    case 'document_number':
      return putDocument(columns);
    case 'document_type':
      return columns.some(({ role }) => role === 'document_number') ? ignore : putOther;
    case 'email':
      return putEmail(rest, columns);
    case 'phone':
      return putPhone(rest, columns);
    case 'address':
      return putAddress(rest, columns);
    case 'notes':
      return ({ notes }, cell) => {
        notes.push(cell);
      };
    case 'tags':
      return ({ tags }, cell) => {
        tags.push(cell);
      };
    case 'part_of_name':
      return (person, cell) => {
        if (!person.full_name?.value.includes(cell.value)) person.others.push(cell);
      };
    case 'private':
    case 'left_behind':
      return ignore;
    default:
      return putMetadata(rest[0]);
  }
}

const emptyDate = /^0{1,4}([./-])0{1,4}\1(?:0{1,4})$/;

const putMetadata =
  (key: string | undefined): Put =>
  (person, cell) => {
    if (!emptyDate.test(cell.value)) person.others.push(key === undefined ? cell : { ...cell, column: key });
  };

function putPreference(name: string | undefined): Put {
  if (name === 'newsletter')
    return putSingle(
      (person) => person.newsletter,
      (person, cell) => {
        person.newsletter = cell;
      },
    );
  if (name === 'language')
    return putSingle(
      (person) => person.language,
      (person, cell) => {
        person.language = cell;
      },
    );
  return putOther;
}

/** Joins day, month and year of three columns to one date. */
function putPartOfBirthday(role: string, columns: readonly Column[]): Put {
  const [year, month] = [indexOf(columns, 'birthday.year'), indexOf(columns, 'birthday.month')];
  if (role !== 'birthday.day') return columns.some((column) => column.role === 'birthday.day') ? ignore : putOther;
  return (person, cell, cells) => {
    person.birthday ??= { ...cell, value: `${cells[year] ?? ''}-${cells[month] ?? ''}-${cell.value}` };
  };
}

/** Keeps a field of the person's own under its label. */
function putCustom([number, part]: string[], columns: readonly Column[]): Put {
  if (part === 'type') return ignore;
  const type = indexOf(columns, `custom.${number}.type`);
  return ({ others }, cell, cells) => {
    others.push({ ...cell, column: cells[type]?.trim() || cell.column });
  };
}

/** Returns the index of the column with a role, such as the type beside a value. */
const indexOf = (columns: readonly Column[], role: string): number =>
  columns.findIndex((column) => column.role === role);

function putDocument(columns: readonly Column[]): Put {
  const type = indexOf(columns, 'document_type');
  return ({ documents }, cell, cells) => {
    documents.push({ ...cell, type: cells[type]?.trim() ?? '' });
  };
}

/** A star marks the preferred one of several, as in Google Contacts. */
const isPreferred = (type: string | undefined): boolean => type?.startsWith('*') ?? false;

function putEmail([number, part]: string[], columns: readonly Column[]): Put {
  if (part === 'type') return ignore;
  const type = number === undefined ? -1 : indexOf(columns, `email.${number}.type`);
  return ({ emails }, cell, cells) => {
    emails.push({ ...cell, preferred: isPreferred(cells[type]) });
  };
}

const isNumber = (text: string | undefined): boolean => text !== undefined && /^\d+$/.test(text);

function putPhone([kind, part]: string[], columns: readonly Column[]): Put {
  if (part === 'type') return ignore;
  const type = isNumber(kind) ? indexOf(columns, `phone.${kind}.type`) : -1;
  return ({ phones }, cell, cells) => {
    const label = cells[type];
    phones.push({
      ...cell,
      kind: label === undefined ? (kind as PhoneKind | undefined) : phoneKind(label),
      preferred: isPreferred(label),
    });
  };
}

function putAddress(path: string[], columns: readonly Column[]): Put {
  const [group, part] = path.length > 1 ? [path[0] ?? '', path[1] ?? ''] : ['', path[0] ?? ''];
  if (part === 'type') return ignore;
  const type = indexOf(columns, `address.${group}.type`);
  const field = part as 'city' | 'state' | 'zip_code' | 'country';
  return (person, cell, cells) => {
    let address = person.parts.get(group);
    if (!address) person.parts.set(group, (address = { lines: [], preferred: isPreferred(cells[type]) }));
    if (part === 'formatted') address.formatted = cell;
    else if (part === 'line' || part === 'district' || part === 'po_box') address.lines.push(cell);
    else if (address[field] === undefined) address[field] = cell;
    else person.others.push(cell);
  };
}

function finish({ parts, ...person }: Draft): Person {
  if (parts.size === 0) return person;
  return { ...person, addresses: [...parts.values()].map((address) => toAddress(address, person.others)) };
}

/** Completes an address: its formatted text counts where it has nothing else. */
function toAddress({ formatted, ...address }: AddressDraft, others: Cell[]): AddressPart {
  if (formatted === undefined) return address;
  const { lines, city, state, zip_code, country } = address;
  const cells = [...lines, city, state, zip_code, country].filter((cell) => cell !== undefined);
  if (cells.length === 0) return { ...address, lines: [formatted] };
  if (!isRedundant(formatted.value, cells)) others.push(formatted);
  return address;
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether a formatted address has only the words of its parts. */
function isRedundant(formatted: string, parts: readonly Cell[]): boolean {
  const words = new Set(parts.flatMap(({ value }) => wordsOf(value)));
  return wordsOf(formatted).every((word) => words.has(word));
}
