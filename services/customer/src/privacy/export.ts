import { exportSections, type ExportedRows, type Person, type Service } from '@clientela/contracts';
import { conflict, unavailable } from '@clientela/errors';

type Section = (typeof exportSections)[Service][number];
type Row = ExportedRows['rows'][number];

/** Asks a service for a page of a section, from where the one before ended. */
export type FetchPage = (
  service: Service,
  person: Person,
  section: Section,
  after: string | undefined,
) => Promise<ExportedRows>;

/** The largest export, in bytes. */
export const MAX_EXPORT_BYTES = 64 * 1024 * 1024;

/** What each section is in the document: one record, or a list. */
const single: ReadonlySet<Section> = new Set(['customer', 'user']);

/**
 * Collects a person's data from every service as one JSON document, page by page. It is whole or not at all.
 * @param others other customer records of the same user
 * @param most bytes that it may have
 * @throws AppError 503 naming a service that does not answer; 409 EXPORT_TOO_LARGE
 */
export async function collectExport(
  ask: FetchPage,
  person: Person,
  others: readonly Person[],
  signal: AbortSignal,
  most: number = MAX_EXPORT_BYTES,
): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let size = 0;
  /** Room for so many bytes more. */
  const take = (bytes: number) => {
    size += bytes;
    if (size > most)
      throw conflict({
        error_code: 'EXPORT_TOO_LARGE',
        detail: `There is more about this person than the ${most} bytes that an export may have`,
      });
  };
  const put = (text: string) => {
    const piece = Buffer.from(text);
    take(piece.length);
    pieces.push(piece);
  };
  const everyRow = async (service: Service, whose: Person, section: Section, found: (rows: Row[]) => void) => {
    if (service !== 'auth' && whose.customer_id === null) return;
    let after: string | undefined;
    do {
      if (signal.aborted) throw unavailable('The export took too long');
      const page = await ask(service, whose, section, after);
      found(page.rows);
      after = page.next ?? undefined;
    } while (after !== undefined);
  };
  /** A record that lies in several tables is one. */
  const record = async (service: Service, whose: Person, section: Section): Promise<Row | null> => {
    const parts: Row[] = [];
    await everyRow(service, whose, section, (rows) => {
      take(Buffer.byteLength(JSON.stringify(rows)));
      parts.push(...rows);
    });
    return parts.length > 0 ? Object.assign({}, ...parts) : null;
  };

  for (const [service, section] of sections) {
    put(`${pieces.length === 0 ? '{' : ','}${JSON.stringify(section)}:`);
    if (single.has(section)) {
      put(JSON.stringify(await record(service, person, section)));
      continue;
    }
    let first = true;
    put('[');
    for (const whose of [person, ...others])
      await everyRow(service, whose, section, (rows) => {
        if (rows.length > 0) put((first ? '' : ',') + rows.map((row) => JSON.stringify(row)).join(','));
        first &&= rows.length === 0;
      });
    put(']');
  }
  if (others.length > 0) {
    const records: (Row | null)[] = [];
    for (const other of others) records.push(await record('customer', other, 'customer'));
    put(`,"other_customers":${JSON.stringify(records)}`);
  }
  put('}');
  return pieces;
}

const sections = (Object.entries(exportSections) as [Service, readonly Section[]][]).flatMap(([service, names]) =>
  names.map((section) => [service, section] as const),
);
