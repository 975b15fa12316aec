/** What is asked, and for how many milliseconds at the median it may take, first after a write. */
export type Asked = { name: string; path: string; most: number };

const customers = '/api/customers';
const day = (years: number) => new Date(Date.now() - years * 365.25 * 86_400_000).toISOString().slice(0, 10);
const lines = (text: string): string[] => text.trim().split(/\s*\n\s*/);

/** Every single filter, of those that many, few and none have, of the newest and of the oldest customers; every sort. */
const singly = lines(`
  active_only=false\n active_only=true\n status=active\n status=inactive\n status=suspended\n type=regular\n type=premium\n type=vip
  tag=newsletter\n tag=vip%20club\n tag=COLLECTOR\n tag=nothing\n external_id=ERP-500000\n external_id=nothing
  created_from=${day(0.1)}\n created_from=${day(6)}\n created_to=${day(6)}\n created_from=${day(2)}&created_to=${day(1.99)}
  last_order_from=${day(0.1)}\n last_order_from=${day(6)}\n last_order_to=${day(6)}\n last_order_to=${day(3)}\n last_order_to=${day(0.1)}
  min_lifetime_value=1\n min_lifetime_value=2000\n min_lifetime_value=5000\n page=500
  sort=created_at\n sort=-created_at\n sort=full_name\n sort=-full_name\n sort=last_order_date\n sort=-last_order_date
  sort=lifetime_value\n sort=-lifetime_value\n sort=total_orders\n sort=-total_orders`);

/** Several at once, for which nothing is promised but an answer. */
const together = lines(`
  type=vip&sort=lifetime_value\n type=vip&sort=-lifetime_value\n tag=loyal&type=premium\n search=ana&type=vip&sort=-total_orders
  last_order_to=${day(6)}&sort=full_name\n sort=-total_orders,full_name\n sort=total_orders,full_name\n search=martin&tag=newsletter`);

/** Rare and common, words and parts, with typos, of digits. */
const searches = lines(`
  garcia\n jose garcia\n García López, José\n stefanescu\n петрова\n de la cruz\n ana.garcia\n ana.garcia77@example.com
  an\n jo\n iv\n zz\n mar\n example.com\n gmail\n com\n nobody has this
  grcia\n josr\n wisniewsky\n exmaple\n gonzales martin
  612345\n 600 12\n +34 600 01\n 0000104729\n 6 00`);

const list = (query: string, most: number): Asked => ({ name: query, path: `${customers}?${query}`, most });

export const asked = (id: string): Asked[] =>
  [
    { name: 'get by id', path: `${customers}/${id}`, most: 50 },
    { name: 'unfiltered', path: customers, most: 50 },
    singly.map((query) => list(query, 50)),
    searches.map((term) => ({
      name: `search=${term}`,
      path: `${customers}?search=${encodeURIComponent(term)}`,
      most: 100,
    })),
    searches.map((term) => ({
      name: `best first: ${term}`,
      path: `${customers}/search?q=${encodeURIComponent(term)}`,
      most: 100,
    })),
    together.map((query) => list(query, Infinity)),
  ].flat();
