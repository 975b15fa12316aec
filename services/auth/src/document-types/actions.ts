import { invalid } from '@clientela/errors';
import { countryMessage, isCountry } from '@clientela/validation/countries';
import { requireUpdated, requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { changedValues, pickWritable, type Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { WritableDocumentType, type DocumentType, type NewDocumentType } from './schema.ts';
import { insertDocumentType, lockDocumentType, updateDocumentType } from './store.ts';

export async function createDocumentType(tx: Tx, actor: Actor, input: NewDocumentType): Promise<DocumentType> {
  const created = await insertDocumentType(tx, input);
  await auditDocumentType(tx, actor, created, 'document_type.created');
  return created;
}

export async function changeDocumentType(
  tx: Tx,
  actor: Actor,
  { code, expected_version }: { code: string; expected_version: ExpectedVersion },
  body: Record<string, unknown>,
): Promise<DocumentType> {
  const current = requireVersion(await lockDocumentType(tx, code), 'document type', expected_version);
  const changes = changedValues(pickWritable(body, WritableDocumentType, current), current);
  const { country_code } = changes;
  if (country_code && !isCountry(country_code)) throw invalid([{ path: 'country_code', message: countryMessage }]);
  if (Object.keys(changes).length === 0) return current;
  const updated = requireUpdated(await updateDocumentType(tx, current, changes));
  await auditDocumentType(tx, actor, updated, 'document_type.updated', Object.keys(changes));
  return updated;
}

const auditDocumentType = (tx: Tx, actor: Actor, { id }: DocumentType, action: string, fields: string[] = []) =>
  audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'document_type',
    resource_id: id,
    company_id: null,
    fields,
    request_id: actor.request_id,
  });
