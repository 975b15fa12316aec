type Page = Record<string, unknown> & { next_cursor?: string | null; pages?: number; total?: number };
type Style = 'cursor' | 'page' | 'offset';
/** Requests a page. The caller's options stay as they are but for the signal. */
type Options = { signal?: AbortSignal | undefined } | undefined;

const pageSize = 100;

/**
 * Iterates over the records of a list. Requests the next page when half of a page has been read, and no page beyond that.
 * @param style how the list is divided. A search is read by page, because it has no cursor
 * @param items the field of a page that has the records
 */
export async function* pages<T>(
  style: Style,
  items: string,
  query: object | undefined,
  options: Options,
  list: (query: never, options: never) => Promise<unknown>,
): AsyncGenerator<T, void, undefined> {
  const isSearch = style === 'cursor' && query !== undefined && 'search' in query && query.search !== undefined;
  const turn = { cursor: turnByCursor, page: turnByPage, offset: turnByOffset }[isSearch ? 'page' : style];
  const stopped = new AbortController();
  const signal = options?.signal ? AbortSignal.any([options.signal, stopped.signal]) : stopped.signal;
  const load = async (place: object) =>
    (await list({ ...query, ...place } as never, { ...options, signal } as never)) as Page;
  try {
    let next: Promise<Page> | undefined = load(turn(undefined, 0) ?? {});
    for (let read = 0; next;) {
      const page: Page = await next;
      next = undefined;
      const records = page[items] as T[];
      const place = turn(page, read + records.length);
      for (const [index, record] of records.entries()) {
        yield record;
        if (place && index + 1 >= records.length / 2) next ??= early(load(place));
      }
      read += records.length;
      if (place) next ??= load(place);
    }
  } finally {
    stopped.abort();
  }
}

/** Keeps the failure of a page until it is read. */
function early<T>(page: Promise<T>): Promise<T> {
  page.catch(() => undefined);
  return page;
}

/** Where the page after `page` begins, or the first one; undefined after the last. */
type Turn = (page: Page | undefined, read: number) => object | undefined;
const turnByCursor: Turn = (page) =>
  page?.next_cursor === null ? undefined : { cursor: page?.next_cursor ?? '', per_page: pageSize };
const turnByPage: Turn = (page, read) => {
  const number = Math.ceil(read / pageSize) + 1;
  return page && number > (page.pages ?? 0) ? undefined : { page: number, per_page: pageSize };
};
const turnByOffset: Turn = (page, read) =>
  page && (read >= (page.total ?? 0) || read % pageSize > 0) ? undefined : { offset: read, limit: pageSize };
