import type { ErasureReceipt } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { encodeReceipt, type LoadReceiptKey } from './receipt-key.ts';

/**
 * Signs the receipt of an erasure and audits it.
 * @throws AppError 422 when the receipt belongs to another company than the actor's
 */
export async function signReceipt(
  tx: Tx,
  loadReceiptKey: LoadReceiptKey,
  actor: CompanyActor,
  receipt: ErasureReceipt,
): Promise<string> {
  if (receipt.company_id !== actor.company_id) {
    throw invalid([{ path: 'company_id', message: 'must be the company of the request' }]);
  }
  const jws = await encodeReceipt(await loadReceiptKey(tx), receipt);
  await audit(tx, {
    actor_id: actor.id,
    action: 'receipt.signed',
    resource_type: 'erasure',
    resource_id: receipt.request_id,
    company_id: actor.company_id,
    request_id: actor.request_id,
  });
  return jws;
}
