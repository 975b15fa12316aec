import type { ErasureReceipt } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { signedReceipt, type ReceiptKeys } from './receipt-key.ts';

/**
 * Signs what an erasure came to, and says so in the trail.
 * @throws AppError 422 for a receipt of another company than the one acted in
 */
export async function signReceipt(
  tx: Tx,
  keys: ReceiptKeys,
  actor: CompanyActor,
  receipt: ErasureReceipt,
): Promise<string> {
  if (receipt.company_id !== actor.company_id)
    throw invalid([{ path: 'company_id', message: 'is not the company acted in' }]);
  const jws = signedReceipt(await keys(tx), receipt);
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
