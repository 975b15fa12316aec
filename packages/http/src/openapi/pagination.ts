import { z } from 'zod';
import { successOf, type Route } from '../routing/route.ts';

export type Pagination = { style: 'page' | 'cursor' | 'offset' | 'whole'; items: string | null; next: string | null };

/**
 * Describes how a list is divided: by cursor where it can be, with the field of the next cursor; else by page, by offset, or not at all.
 * @returns undefined for what is no list: a list is named `…list`, or `…search`
 */
export function paginationOf(definition: Route): Pagination | undefined {
  if (!/\.(?:list|search)\w*$/.test(definition.operation ?? '')) return undefined;
  const parameters = definition.query?.shape ?? {};
  const items = itemsField(definition.responses[successOf(definition)]);
  if ('cursor' in parameters) return { style: 'cursor', items, next: 'next_cursor' };
  if ('page' in parameters) return { style: 'page', items, next: null };
  if ('offset' in parameters) return { style: 'offset', items, next: null };
  return { style: 'whole', items, next: null };
}

/** Finds the field of a response that holds the list; null when the response itself is the list. */
function itemsField(response: z.ZodType | string | null | undefined): string | null {
  if (response instanceof z.ZodUnion) return itemsField(response.options[0] as z.ZodType);
  if (!(response instanceof z.ZodObject)) return null;
  return Object.keys(response.shape).find((field) => response.shape[field] instanceof z.ZodArray) ?? null;
}
