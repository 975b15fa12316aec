import { mapConstraintErrors, newId, type Db, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { DocumentType, DocumentTypeChanges, NewDocumentType } from './schema.ts';

const columns = [
  'id',
  'name',
  'code',
  'description',
  'country_code',
  'category',
  'active',
  'created_at',
  'version',
] as const;

const maxListed = 1000;

export const listDocumentTypes = async (db: Db): Promise<DocumentType[]> =>
  db('document_types').select(columns).orderBy('code').limit(maxListed);

export const lockDocumentType = async (tx: Tx, code: string): Promise<DocumentType | undefined> =>
  tx('document_types').select(columns).where({ code }).forUpdate().first();

export async function insertDocumentType(tx: Tx, input: NewDocumentType): Promise<DocumentType> {
  const { code, name, description = null, country_code = null, category = null, active } = input;
  const row = { id: newId(), code, name, description, country_code, category, active };
  const [inserted] = await mapConstraintErrors(tx('document_types').insert(row).returning(columns), {
    document_types_code_taken: () =>
      conflict({
        resource: 'document type',
        field: 'code',
        existing: (db: Db) => db('document_types').select('id', 'code').where({ code }).first(),
      }),
  });
  return inserted as DocumentType;
}

/** Updates the version that was read; returns undefined when it has changed since. */
export async function updateDocumentType(
  tx: Tx,
  { id, version }: Pick<DocumentType, 'id' | 'version'>,
  changes: DocumentTypeChanges,
): Promise<DocumentType | undefined> {
  const [updated] = await tx('document_types')
    .where({ id, version })
    .update({ ...changes, version: version + 1, updated_at: tx.fn.now() })
    .returning(columns);
  return updated as DocumentType | undefined;
}
