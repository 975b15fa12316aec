import { SignedReceipt } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { signReceipt } from './actions.ts';
import type { ReceiptKeys } from './receipt-key.ts';
import { NewReceipt } from './schema.ts';

/** What these doors work with. */
export type ReceiptParts = { receipt_keys: ReceiptKeys };

export const receiptRoutes = (parts: ReceiptParts): Route[] => [
  route({
    method: 'post',
    path: '/internal/receipts',
    summary: 'Sign the receipt of an erasure',
    description: 'By a key that signs nothing else, whatever signs tokens. The same receipt may be signed again.',
    allow: { internal: ['customer'] },
    body: NewReceipt,
    responses: { 200: SignedReceipt.strict() },
    handle: async ({ tx, actor, body }) => ({ jws: await signReceipt(tx, parts.receipt_keys, actor, body) }),
  }),
];
