/** A note on a value of a file that did not become part of the customer, or on a record that was not imported. */
export type Remark = {
  /** The column as the file names it; null when it concerns the whole record. */
  column: string | null;
  /** Why, in one sentence without the value. */
  reason: string;
};

/** One record of a file or of another source, in the fields of `POST /api/customers`, before validation. */
export type SourceRecord = {
  /** The row as a spreadsheet counts it, the header is row 1; the number of the card or line in other formats. */
  row: number;
  /** Fields of the body of `POST /api/customers`; only those with a value. `tags` are labels. */
  fields: Record<string, unknown>;
  /** Contents of the notes to add to the customer, each of at most 500 characters. */
  notes: string[];
  /** Values left out, with the reason; the record is imported without them. */
  remarks: Remark[];
  /** Set when the record cannot be imported at all. */
  failure?: Remark;
  /** When the customer registered with the source, which becomes `created_at`. Default: the time of the import. */
  created_at?: string;
};

/** What decides how a record meets the customers that exist. */
export type MatchOptions = {
  match_on: 'email' | 'phone' | 'external_id';
  on_match: 'skip' | 'update';
};
