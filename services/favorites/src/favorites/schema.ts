import {
  creationBody,
  Instant,
  queryFrom,
  queryInteger,
  queryNumbers,
  queryTo,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';

const maxNumber = 999_999_999_999_999;
const RecordNumber = z.int().min(1).max(maxNumber);

export const Favorite = z.strictObject({
  id: z.int(),
  user_id: z.int().meta({ description: 'The customer’s number' }),
  item_id: z.int().meta({ description: 'The product’s number' }),
  created_at: Instant,
});
export type Favorite = z.infer<typeof Favorite>;

const newFavorite = z.strictObject({
  user_id: RecordNumber.meta({ description: 'The customer’s number' }),
  item_id: RecordNumber.meta({ description: 'The product’s number' }),
});
export const NewFavorite = creationBody(Favorite, newFavorite);
export type NewFavorite = z.infer<typeof NewFavorite>;

const numbers = queryNumbers(1000).optional();

export const FavoriteQuery = z.strictObject({
  limit: queryInteger(1, 1000).default(100),
  offset: queryInteger(0, 1_000_000_000).default(0),
  id: numbers,
  user_id: numbers,
  item_id: numbers,
  created_at: Instant.optional().meta({ description: 'Exact instant' }),
  created_from: queryFrom.optional(),
  created_to: queryTo.optional(),
});
export type FavoriteQuery = z.infer<typeof FavoriteQuery>;

export const FavoriteList = z.strictObject({
  items: z.array(Favorite),
  count: z.int().meta({ description: 'Total number of matching favorites' }),
});

export const DeleteRequest = z.strictObject({
  id: z.array(RecordNumber).min(1, 'must contain at least one id').max(1000),
});
export const DeleteResponse = z.strictObject({
  success: z.literal(true),
  message: z.null(),
  data: z.strictObject({ count_deleted: z.int().meta({ description: 'Number of deleted favorites' }) }),
});

export const PopularQuery = z.strictObject({
  limit: queryInteger(1, 1000).default(100),
  offset: queryInteger(0, 1_000_000_000).default(0),
});
export type PopularQuery = z.infer<typeof PopularQuery>;

export const Popular = z.strictObject({
  item_id: z.int().meta({ description: 'The product’s number' }),
  count: z.int().meta({ description: 'Number of customers with this favorite' }),
});
export type Popular = z.infer<typeof Popular>;
export const PopularList = z.strictObject({
  items: z.array(Popular),
  count: z.int().meta({ description: 'Number of products that are a favorite of any customer' }),
});

nameSchemas({
  Favorite,
  NewFavorite,
  FavoriteList,
  FavoriteDeletion: DeleteRequest,
  DeletedFavorites: DeleteResponse,
  PopularProduct: Popular,
  PopularProductList: PopularList,
});
