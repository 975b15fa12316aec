import type { Person, Service } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';

/** Which rows are a person's: a column and which of the person's ids stands in it. All of them hold; an id that is null matches nothing. */
export type Match = Readonly<Record<string, keyof Person>>;

type ExportPolicy =
  | {
      /** Of `exportSections`: every column that is not technical is exported, but for those withheld. */
      section: string;
      /** Technical columns that are exported too, as the API shows them. */
      alsoExported?: readonly string[];
      /** Columns that an export leaves out (secrets, what is derived for the search), and why. */
      withheld?: Readonly<Record<string, string>>;
    }
  | { /** Why no export shows these rows. */ notExported: string };

export type ErasurePolicy =
  /** The rows go. */
  | 'delete'
  /**
   * The rows stay without the person, for the reason given: every personal and sensitive column is blanked (null; where that may not be,
   * what is empty in its type) and `columns` are set besides, or to something else. Version and updated_at are raised where there are any.
   */
  | { anonymise: string; columns?: Readonly<Record<string, string | number | boolean | null>> }
  /** The rows stay as they are, for the reason given; `columns` are what still refers to the person. */
  | { keep: string; columns: readonly string[] };

/** What becomes of a person's rows in one table. A table may be there several times, for different rows. */
export type TablePolicy = ExportPolicy & {
  table: string;
  /** One way of being the person's, or several. */
  person: Match | readonly Match[];
  /** Rows of another entry: those where any of these columns holds this id of the person. */
  except?: Match;
  erasure: ErasurePolicy;
  /** For rows that no index finds: the company's rows are gone through by their primary key. */
  scanByKey?: true;
};

/** All that a service says about the people in its tables: `src/privacy.ts` exports it, and a test holds it against the database. */
export type DataInventory = {
  service: Service;
  /** In the order in which they are erased: what refers to others first. */
  tables: readonly TablePolicy[];
  /** Tables with personal columns, or with an id of a person, that are not about a person, and why. */
  notPersonal?: Readonly<Record<string, string>>;
  /**
   * What this service may do anything about: an id that is not known here, or is another company's, is answered as null. Asked before
   * each page of an export, and once when an erasure begins.
   */
  resolvePerson?: (db: Db, person: Person) => Promise<Person>;
  /**
   * Runs first, in a transaction of its own kind: what keeps late writes and events from bringing the person back, and what is not about
   * rows. Once for each request.
   * @returns how many rows of its tables went with it, by table, for the report
   */
  onStart?: (tx: Tx, person: Person, request_id: string) => Promise<Readonly<Record<string, number>> | void>;
};

export const matchesOf = ({ person }: TablePolicy): readonly Match[] =>
  Array.isArray(person) ? (person as readonly Match[]) : [person as Match];

/** The matches that this person can have, each as columns and their values. */
export const matchValues = (table: TablePolicy, person: Person): Record<string, string | number>[] =>
  matchesOf(table)
    .map((match) => Object.entries(match).map(([column, id]) => [column, person[id]] as const))
    .filter((pairs) => pairs.every(([, value]) => value !== null))
    .map((pairs) => Object.fromEntries(pairs) as Record<string, string | number>);

/** Whether anything becomes of the rows. */
export const isErased = ({ erasure }: TablePolicy): boolean => erasure === 'delete' || 'anonymise' in erasure;
