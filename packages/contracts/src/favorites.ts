import { z } from 'zod';
import { defineEvent } from './event-contract.ts';

// Events of the favorites service.

const favorite = { favorite_id: z.int(), customer_number: z.int(), product_number: z.int() };
export const favoriteAdded = defineEvent('favorite.added', 'favorite_id', ['auth'], z.object(favorite));
/** Favorites that are removed with their customer are covered by `customer.deleted`. */
export const favoriteRemoved = defineEvent('favorite.removed', 'favorite_id', ['auth'], z.object(favorite));
