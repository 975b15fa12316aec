import type { ErasureReport, Person, Service } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';

/** Selects a person's rows: each column must equal the named id of the person. A null id matches no rows. */
export type Match = Readonly<Record<string, keyof Person>>;

type ExportPolicy =
  | {
      /** One of `exportSections`. Exports every column that is not technical, except those withheld. */
      section: string;
      /** Technical columns to export too, as the API returns them. */
      alsoExported?: readonly string[];
      /** Columns to leave out (secrets, values derived for search), each with its reason. */
      withheld?: Readonly<Record<string, string>>;
    }
  | { /** Why no export contains these rows. */ notExported: string };

export type ErasurePolicy =
  /** Deletes the rows. */
  | 'delete'
  /**
   * Keeps the rows without the person, for the reason given. Blanks every personal and sensitive column (null, or the empty value of a type
   * that is not nullable), sets `columns`, and increments `version` and `updated_at` where the table has them.
   */
  | { anonymise: string; columns?: Readonly<Record<string, string | number | boolean | null>> }
  /** Keeps the rows unchanged, for the reason given; `columns` still refer to the person. */
  | { keep: string; columns: readonly string[] };

/** What export and erasure do with a person's rows in one table. A table may have several policies, for different rows. */
export type TablePolicy = ExportPolicy & {
  table: string;
  /** Rows that satisfy any of these matches. */
  person: Match | readonly Match[];
  /** Excludes rows of another policy: those where any of these columns equals that id of the person. */
  except?: Match;
  erasure: ErasurePolicy;
  /** Erases the rows in the first transaction, with the tombstones. */
  atStart?: true;
  /** Scans the company's rows by primary key, because no index finds the person's. */
  scanByKey?: true;
};

/** The personal data of one service. `src/privacy.ts` exports it, and a test checks it against the database. */
export type DataInventory = {
  service: Service;
  /** In order of erasure: referencing tables first. */
  tables: readonly TablePolicy[];
  /** Tables with personal columns or ids of people that are not about a person, each with its reason. */
  notPersonal?: Readonly<Record<string, string>>;
  /**
   * Restricts a person to the ids this service may act on; ids that are unknown here or belong to another company become null. Called
   * before each page of an export, and once per erasure.
   */
  resolvePerson?: (db: Db, person: Person) => Promise<Person>;
  /**
   * Runs once per request, in the first transaction of an erasure, before the tables with `atStart`: writes the tombstones, which keep late
   * requests and events from restoring the person, and publishes events.
   * @returns kept rows that no id of the person selects, for the report
   */
  onStart?: (tx: Tx, person: Person, request_id: string) => Promise<ErasureReport['kept'] | void>;
};

export const matchesOf = ({ person }: TablePolicy): readonly Match[] =>
  Array.isArray(person) ? (person as readonly Match[]) : [person as Match];

/** Lists the matches that apply to this person, each as columns and values. */
export const matchValues = (table: TablePolicy, person: Person): Record<string, string | number>[] =>
  matchesOf(table)
    .map((match) => Object.entries(match).map(([column, id]) => [column, person[id]] as const))
    .filter((pairs) => pairs.every(([, value]) => value !== null))
    .map((pairs) => Object.fromEntries(pairs) as Record<string, string | number>);

/** Whether an erasure changes the rows. */
export const isErased = ({ erasure }: TablePolicy): boolean => erasure === 'delete' || 'anonymise' in erasure;
