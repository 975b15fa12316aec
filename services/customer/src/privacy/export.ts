import { exportSections, type ExportedRows, type Person, type Service } from '@clientela/contracts';
import { conflict, unavailable } from '@clientela/errors';

type Section = (typeof exportSections)[Service][number];
type Row = ExportedRows['rows'][number];

/** Fetches a page of a section from a service, after the cursor of the page before. */
export type FetchPage = (
  service: Service,
  person: Person,
  section: Section,
  after: string | undefined,
) => Promise<ExportedRows>;

/** Maximum size of an export, in bytes. */
export const MAX_EXPORT_BYTES = 64 * 1024 * 1024;

/** Sections that hold a single record in the document; all others are lists. */
const recordSections: ReadonlySet<Section> = new Set(['customer', 'user']);

/**
 * Collects a person's data from every service as one JSON document, page by page. Returns the whole document or throws.
 * @param otherCustomers other customer records of the same user
 * @param maxBytes largest size of the document
 * @throws AppError 503 naming a service that is unavailable; 409 EXPORT_TOO_LARGE
 */
export async function collectExport(
  fetchPage: FetchPage,
  person: Person,
  otherCustomers: readonly Person[],
  signal: AbortSignal,
  maxBytes: number = MAX_EXPORT_BYTES,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  const reserve = (bytes: number) => {
    size += bytes;
    if (size > maxBytes)
      throw conflict({
        error_code: 'EXPORT_TOO_LARGE',
        detail: `The export would exceed the maximum of ${maxBytes} bytes`,
      });
  };
  const append = (text: string) => {
    const chunk = Buffer.from(text);
    reserve(chunk.length);
    chunks.push(chunk);
  };
  const forEachPage = async (service: Service, subject: Person, section: Section, handle: (rows: Row[]) => void) => {
    if (service !== 'auth' && subject.customer_id === null) return;
    let after: string | undefined;
    do {
      if (signal.aborted) throw unavailable('The export took too long');
      const page = await fetchPage(service, subject, section, after);
      handle(page.rows);
      after = page.next ?? undefined;
    } while (after !== undefined);
  };
  /** Merges the rows of a section, one from each table, into one record. The inventory lists its main table last. A customer's has its company. */
  const fetchRecord = async (service: Service, subject: Person, section: Section): Promise<Row | null> => {
    const parts: Row[] = [];
    await forEachPage(service, subject, section, (rows) => {
      reserve(Buffer.byteLength(JSON.stringify(rows)));
      parts.push(...rows);
    });
    if (parts.length === 0) return null;
    const company = section === 'customer' ? { business_id: subject.company_id } : {};
    return Object.assign(company, ...parts.toReversed());
  };

  for (const [service, section] of sections) {
    append(`${chunks.length === 0 ? '{' : ','}${JSON.stringify(section)}:`);
    if (recordSections.has(section)) {
      append(JSON.stringify(await fetchRecord(service, person, section)));
      continue;
    }
    let isFirst = true;
    append('[');
    for (const subject of [person, ...otherCustomers])
      await forEachPage(service, subject, section, (rows) => {
        if (rows.length > 0) append((isFirst ? '' : ',') + rows.map((row) => JSON.stringify(row)).join(','));
        isFirst &&= rows.length === 0;
      });
    append(']');
  }
  if (otherCustomers.length > 0) {
    const records: (Row | null)[] = [];
    for (const otherCustomer of otherCustomers) records.push(await fetchRecord('customer', otherCustomer, 'customer'));
    append(`,"other_customers":${JSON.stringify(records)}`);
  }
  append('}\n');
  return chunks;
}

const sections = (Object.entries(exportSections) as [Service, readonly Section[]][]).flatMap(([service, names]) =>
  names.map((section) => [service, section] as const),
);
