/** One measured request. */
export type BenchCase = {
  name: string;
  path: string;
  /** Milliseconds at the median that the response may take, right after a write. */
  bound: number;
  /** For a list by cursor: pages to fetch, unmeasured, before the measured one. */
  pagesBefore?: number;
  /** Whose customers: the large company's (default), a small company's, or every company's. */
  scope?: 'small' | 'all';
};

const customers = '/api/customers';
const firstPageBound = 50; // milliseconds, with the total
const otherBound = 150; // milliseconds; nothing may ever take a second
export const absoluteBound = 1000; // milliseconds
const day = (years: number) => new Date(Date.now() - years * 365.25 * 86_400_000).toISOString().slice(0, 10);
const lines = (text: string): string[] => text.trim().split(/\s*\n\s*/);

/** Every filter, with values of many, few and no customers, of the newest and of the oldest. */
const filters = lines(`
  active_only=false\n active_only=true\n status=active\n status=inactive\n status=suspended\n type=regular\n type=premium\n type=vip
  tag=newsletter\n tag=vip%20club\n tag=COLLECTOR\n tag=nothing\n external_id=ERP-500000\n external_id=nothing
  created_from=${day(0.1)}\n created_from=${day(6)}\n created_to=${day(6)}\n created_from=${day(2)}&created_to=${day(1.99)}
  last_order_from=${day(0.1)}\n last_order_from=${day(6)}\n last_order_to=${day(6)}\n last_order_to=${day(3)}\n last_order_to=${day(0.1)}
  min_lifetime_value=1\n min_lifetime_value=2000\n min_lifetime_value=5000`);

const sorts = lines(`
  sort=created_at\n sort=-created_at\n sort=full_name\n sort=-full_name\n sort=last_order_date\n sort=-last_order_date
  sort=lifetime_value\n sort=-lifetime_value\n sort=total_orders\n sort=-total_orders`);

/** Several filters or sort columns at once, among them those that ADR 0011 names. */
const combinations = lines(`
  type=vip&sort=lifetime_value\n type=vip&sort=-lifetime_value\n tag=loyal&type=premium\n search=ana&type=vip&sort=-total_orders
  last_order_to=${day(6)}&sort=full_name\n sort=-total_orders,full_name\n sort=total_orders,full_name\n search=martin&tag=newsletter
  sort=-total_orders,-lifetime_value,full_name\n sort=full_name,-created_at\n sort=-last_order_date,full_name\n type=vip&sort=-total_orders,full_name
  tag=newsletter&sort=-total_orders,full_name\n search=garcia&sort=-total_orders,full_name
  last_order_from=${day(3)}&last_order_to=${day(1)}\n last_order_from=${day(5.9)}&last_order_to=${day(5.8)}\n last_order_to=${day(6)}&tag=newsletter
  last_order_to=${day(6)}&status=inactive\n last_order_to=${day(6)}&type=vip\n last_order_to=${day(6)}&min_lifetime_value=500
  last_order_to=${day(3)}&created_from=${day(4)}\n last_order_from=${day(0.1)}&created_to=${day(6)}\n min_lifetime_value=500&created_from=${day(1)}
  type=vip&created_to=${day(6)}\n status=suspended&type=vip\n tag=newsletter&min_lifetime_value=1000\n tag=newsletter&created_to=${day(6)}
  search=garcia&created_to=${day(6)}\n search=garcia&type=vip\n search=garcia&tag=newsletter\n search=garcia&status=suspended\n search=garcia&last_order_to=${day(6)}
  search=garcia&sort=full_name\n search=example.com&sort=full_name\n search=an&sort=-lifetime_value\n search=stefanescu&sort=full_name
  search=example.com&type=vip\n search=example.com&sort=-last_order_date\n search=com.example`);

/** Of two, three and many characters, with many, few and no hits; words and parts, with typos, of digits. */
const searches = lines(`
  garcia\n jose garcia\n García López, José\n stefanescu\n петрова\n de la cruz\n ana.garcia\n ana.garcia77@example.com
  an\n jo\n iv\n zz\n mar\n zoe\n dvo\n qqq\n example.com\n com.example\n gmail\n com\n nobody has this
  grcia\n josr\n wisniewsky\n exmaple\n gonzales martin
  612345\n 600 12\n +34 600 01\n 0000104729\n 6 00`);

/** Searches with more hits than are ranked, and pages beyond the ranked ones. */
const frequent = lines('garcia\n an\n mar\n example.com\n com\n jose garcia\n 600 12');

const list = (query: string, bound: number, more: Partial<BenchCase> = {}): BenchCase => ({
  name: query,
  path: `${customers}?${query}`,
  bound,
  ...more,
});
const searchPath = (term: string) => `${customers}/search?q=${encodeURIComponent(term)}`;
const withSearch = (term: string) => `search=${encodeURIComponent(term)}`;

/** All cases. ADR 0011 is based on them, so remove none. */
export const cases = (id: string): BenchCase[] =>
  [
    { name: 'get by id', path: `${customers}/${id}`, bound: firstPageBound },
    { name: 'unfiltered', path: customers, bound: firstPageBound },
    [...filters, ...sorts].map((query) => list(query, firstPageBound)),
    ['', ...filters, ...sorts].map((query) => list(`${query}&page=500`, otherBound)),
    ['', ...sorts, 'type=regular', 'created_from=2000-01-01'].map((query) => list(`${query}&page=2500`, otherBound)),
    ['', ...filters, ...sorts].map((query) =>
      list(`${query}&cursor=`, otherBound, { name: `${query}, 4th page by cursor`, pagesBefore: 3 }),
    ),
    filters.flatMap((filter) => sorts.map((sort) => list(`${filter}&${sort}`, otherBound))),
    searches.map((term) => ({ ...list(withSearch(term), otherBound), name: `search=${term}` })),
    searches.map((term) => ({ name: `best first: ${term}`, path: searchPath(term), bound: otherBound })),
    frequent.map((term) => ({ ...list(`${withSearch(term)}&page=60`, otherBound), name: `search=${term}, page 60` })),
    frequent.flatMap((term) =>
      [30, 60, 400].map((page) => ({
        name: `best first: ${term}, page ${page}`,
        path: `${searchPath(term)}&page=${page}`,
        bound: otherBound,
      })),
    ),
    ['type=vip', 'status=suspended', `created_to=${day(6)}`].flatMap((filter) =>
      ['garcia', 'an', 'example.com', 'stefanescu', 'grcia'].map((term) => ({
        name: `best first: ${term}, ${filter}`,
        path: `${searchPath(term)}&${filter}`,
        bound: otherBound,
      })),
    ),
    combinations.map((query) => list(query, otherBound)),
    combinations
      .filter((query) => !query.includes('search'))
      .map((query) => list(`${query}&cursor=`, otherBound, { name: `${query}, 4th page by cursor`, pagesBefore: 3 })),
    (['small', 'all'] as const).flatMap((scope) =>
      ['', 'type=vip', 'tag=newsletter', 'search=garcia', 'search=zz', 'search=example.com', 'search=grcia'].map(
        (query) => list(query, otherBound, { scope, name: `${scope}: ${query || 'unfiltered'}` }),
      ),
    ),
  ].flat();
