import type { ChangeAuthor } from '../../history/actions.ts';
import type { Fingerprinter } from '../../tombstones/fingerprints.ts';
import type { MatchOptions, Remark } from '../source-record.ts';

/** What the writer needs to know about an import. */
export type ImportContext = MatchOptions & {
  /** Who imports. The permission was checked when the import was created. */
  actor: ChangeAuthor;
  company: { country: string; currency: string };
  import_id: string;
  /** Reports what would happen and stores only drafts, which `deleteDrafts` removes at the end of the import. */
  dry_run: boolean;
  fingerprints: Fingerprinter;
  /**
   * `skip`, for a source that knows its customers by phone and by an id of its own: a record is skipped when a customer has either, or
   * had the id before it was deleted, and an e-mail that another customer has is left out. By default a taken value fails the record.
   */
  taken_values?: 'skip';
  /** Column of the file by field path, such as `address.city`, for problems. A field without a column is named by its path. */
  columns: Readonly<Record<string, string>>;
};

/** Why a record failed, or which of its values was left out. */
export type Problem = Remark & { row: number };

/** What became of a chunk: each record counts once. */
export type ChunkResult = {
  created: number;
  updated: number;
  /** Records that match a customer and change nothing. */
  skipped: number;
  failed: number;
  /** Problems of records that did not fail: values that were left out. */
  warnings: number;
  /** E-mail addresses left out because another customer has them; only with `taken_values`. */
  emails_taken: number;
  /** A customer that one chunk creates and updates is listed as created. In a dry run the lists are empty. */
  ids: { created: string[]; updated: string[] };
  /** In row order. Several problems of one row make one failed record. */
  problems: Problem[];
};

/** Most records of a chunk: bounds its transaction and its event. */
export const maxChunkRecords = 1000;
