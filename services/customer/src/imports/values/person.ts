/** A value with the column it came from, as the file names it. In a vCard the column is the property, in JSON lines the field. */
export type Cell = { column: string; value: string };

/** A cell with one or more e-mail addresses. */
export type EmailPart = Cell & { preferred?: boolean };

/** Ordered by how well a number reaches the person; `fax` and `pager` never become the phone. */
export const phoneKinds = ['mobile', 'work', 'main', 'home', 'other', 'fax', 'pager'] as const;
export type PhoneKind = (typeof phoneKinds)[number];

/** A cell with one or more phone numbers. */
export type PhonePart = Cell & { kind?: PhoneKind | undefined; preferred?: boolean };

/** One address. Several `lines` are joined to one. */
export type AddressPart = {
  preferred?: boolean;
  lines?: Cell[];
  city?: Cell | undefined;
  state?: Cell | undefined;
  zip_code?: Cell | undefined;
  country?: Cell | undefined;
};

/** A cell with a list of tags, or the labels of a format that separates them itself. */
export type TagPart = { column: string; value: string; separator?: string } | { column: string; labels: string[] };

/** A document number; `cpf_cnpj` is whichever of the two has as many digits. */
export type DocumentPart = Cell & { type: string };

/** Further fields of `POST /api/customers`, checked by its schema. */
export type PlainField = 'number' | 'user_id' | 'city_id' | 'status' | 'type' | 'last_auth_at';

/** One person as a file describes them. Empty cells may be passed or omitted. */
export type Person = {
  row: number;
  external_id?: Cell | undefined;
  full_name?: Cell | undefined;
  firstname?: Cell | undefined;
  middle_name?: Cell | undefined;
  lastname?: Cell | undefined;
  /** The full name where nobody is named, else `metadata.company`. */
  organisation?: Cell | undefined;
  emails?: EmailPart[];
  phones?: PhonePart[];
  /** The first with content, preferred ones first, becomes the address, the others `metadata.addresses`. */
  addresses?: AddressPart[];
  birthday?: Cell | undefined;
  gender?: Cell | undefined;
  tags?: TagPart[];
  notes?: Cell[];
  documents?: DocumentPart[];
  /** Yes or no: whether the person wants the newsletter. */
  newsletter?: Cell | undefined;
  /** Yes or no: whether the person opted out of it. Wins over `newsletter`. */
  unsubscribed?: Cell | undefined;
  /** The language of `preferences`. */
  language?: Cell | undefined;
  plain?: Partial<Record<PlainField, Cell>>;
  /** Kept in `metadata` under the name of the column; several of one name become a list. */
  others?: Cell[];
};

/** How numeric dates are read: the order of day and month where the text does not show it. */
export type DateOrder = 'dmy' | 'mdy';

/** What the whole file says about how its values are read. */
export type ValueOptions = {
  /** ISO 3166 code of the company, by which national phone numbers are read. */
  country: string;
  date_order: DateOrder;
  /** The meaning of M, which is Mujer where a column also has V or H. Default male. */
  gender_of_m?: 'male' | 'female';
};
