-- no-transaction
create index concurrently if not exists transactions_by_order_id on transactions (company_id, customer_id, order_id)
  include (kind, status, amount, currency, occurred_at) where kind in ('order', 'refund');
